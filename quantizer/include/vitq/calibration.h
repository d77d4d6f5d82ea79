// SPDX-License-Identifier: Apache-2.0
// The pictures a network is calibrated on, as it wants them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "vitq/tensor.h"

namespace vitq {

struct CalibrationSet {
  std::int64_t count = 0;
  // Images [begin, begin + n) as f32 [n, 3, H, W]. Asked for in order, by each who wants them.
  std::function<Tensor(std::int64_t begin, std::int64_t n)> batch;
  std::string digest;  // identifies the images, for the record
};

}  // namespace vitq
