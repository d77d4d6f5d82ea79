// SPDX-License-Identifier: Apache-2.0
#include "vitq/weights.h"

#include "core/text.h"
#include "vitq/error.h"

namespace vitq {

const Tensor* Weights::find(std::string_view name) const {
  const auto found = tensors.find(name);
  return found == tensors.end() ? nullptr : &found->second;
}

const Tensor& Weights::at(std::string_view name) const {
  const Tensor* tensor = find(name);
  if (tensor == nullptr) throw WeightError(cat("there is no tensor \"", name, "\""));
  return *tensor;
}

}  // namespace vitq
