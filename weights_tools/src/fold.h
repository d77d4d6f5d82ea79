// SPDX-License-Identifier: Apache-2.0
// Layers that are folded into the one before them when a checkpoint is converted.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "vitq/tensor.h"

namespace vitq {

using Tensors = std::map<std::string, Tensor, std::less<>>;

// Throws WeightError if there is one of this name.
void insert(Tensors& tensors, std::string name, Tensor tensor);

// These take the second layer's tensors out, and throw WeightError if they are missing or do not
// fit. A batch norm goes into a convolution, and the vector `gain` into a linear layer.
void fold_norm(const std::string& conv, const std::string& norm, Tensors& tensors);
void fold_layer_scale(const std::string& layer, const std::string& gain, Tensors& tensors);

}  // namespace vitq
