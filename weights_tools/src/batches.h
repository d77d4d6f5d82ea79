// SPDX-License-Identifier: Apache-2.0
// Images go in batches through one model or two, several batches at the same time.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "vitq/evaluate.h"

namespace vitq {

// What the models say of a batch.
struct BatchAnswers {
  std::vector<LabelledImage> images;         // without those that could not be read
  std::vector<std::vector<Tensor>> outputs;  // of each model, whose rows may be more than images
};

// Reads the images and calls take() with the answers of each batch, in order. Batches are all of
// one size, so that one session serves all. One that is short, as the last, or because some of its
// images cannot be read, is filled up. Models that prepare images alike share what was prepared.
//
// Answers how many seconds each model alone would have taken, reading and preparing included.
std::vector<double> answer_in_batches(std::span<const LabelledImage> images,
                                      const EvaluateOptions& options,
                                      std::span<const Model* const> models,
                                      const std::function<void(const BatchAnswers&)>& take);

}  // namespace vitq
