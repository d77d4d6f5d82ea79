// SPDX-License-Identifier: Apache-2.0
// The images a network is calibrated on, as it wants them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "vitq/tensor.h"

namespace vitq {

struct CalibrationSet {
  std::int64_t count = 0;
  // One as f32 [1, 3, H, W]; where the network takes any size, each at its own. Asked for in order,
  // by each who wants them.
  std::function<Tensor(std::int64_t index)> image;
  std::string digest;  // identifies the images, for the record
};

}  // namespace vitq
