// SPDX-License-Identifier: Apache-2.0
// A head of the user's own for a network of features, from a file.
#pragma once

#include <filesystem>
#include <string>

#include "vitq/model_info.h"
#include "vitq/weights.h"

namespace vitq {

struct UserHead {
  Tensor weight;      // f32 [classes, F]
  Tensor bias;        // f32 [classes]
  bool unit = false;  // it reads features of length 1
  Scores scores = Scores::kSoftmax;
  std::string text;        // what it is, in words for people
  std::string assumption;  // what nothing stated, in words for people; may be empty
};

// Reads a head for `width` features. The file is .npy, one matrix [classes, F], or safetensors. The
// latter has one matrix, whatever its name, and may have a bias [classes].
//
// A matrix whose rows all have length 1 is a zero-shot head: its rows are text embeddings. Logits
// are then features of length 1, times the rows, times exp(logit_scale), plus logit_bias. Those two
// are tensors of the file, or else of the checkpoint that the features come from. With a bias the
// classes have sigmoids, as SigLIP's have; without, CLIP's softmax. Any other head is linear.
//
// Throws FileError or WeightError.
UserHead read_head(const std::filesystem::path& path, std::int64_t width,
                   const Weights& checkpoint);

}  // namespace vitq
