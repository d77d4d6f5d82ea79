// SPDX-License-Identifier: Apache-2.0
// What vit_infer keeps of a network of features: --features, --tokens and --pca.
#pragma once

#include <optional>

#include "infer/npy_stack.h"
#include "infer/options.h"
#include "vitq/model.h"

namespace vitq::apps {

class FeatureFiles {
 public:
  // Throws FileError for a file that is there already and may not be overwritten.
  FeatureFiles(const FeatureJob& job, Overwrite overwrite);

  // Takes in the network's outputs for a batch.
  void add(std::span<const Tensor> outputs);
  // Writes the .npy files.
  void finish() const;
  // Writes the image of the last batch's tokens, which is one image's.
  void draw(const Image& image, const Preprocess& preprocess) const;

 private:
  const FeatureJob& job_;
  Overwrite overwrite_;
  std::optional<NpyStack> features_;
  std::optional<NpyStack> tokens_;
  Tensor last_tokens_;
};

}  // namespace vitq::apps
