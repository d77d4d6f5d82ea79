// SPDX-License-Identifier: Apache-2.0
#include "infer/tensor_inputs.h"

#include <algorithm>
#include <cmath>

#include "vitq/error.h"
#include "vitq/npy.h"

namespace vitq::apps {

Tensor read_tensor(const std::filesystem::path& path) {
  Tensor tensor = read_npy(path);
  if (tensor.dtype() == DType::kU8) return tensor;
  const std::span<const float> values = tensor.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    throw FileError(Fault::kMalformed, path.string(),
                    "element " + std::to_string(i) + " is not finite");
  }
  return tensor;
}

void take_sizes(const Tensor& mask, std::vector<Answer>& answers) {
  const std::int64_t width = mask.shape()[2];
  const std::int64_t area = mask.shape()[1] * width;
  const float* values = mask.as<float>().data();
  for (Answer& answer : answers) {
    answer.width = answer.height = 0;
    for (std::int64_t i = 0; i < area; ++i) {
      if (values[i] == 0.0F) continue;
      answer.width = std::max(answer.width, i % width + 1);
      answer.height = i / width + 1;
    }
    values += area;
  }
}

}  // namespace vitq::apps
