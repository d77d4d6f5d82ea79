// SPDX-License-Identifier: Apache-2.0
// The images that a network is calibrated on, preprocessed as the network wants them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "vitq/tensor.h"

namespace vitq {

struct CalibrationSet {
  std::int64_t count = 0;
  // Gives one image as f32 [1, 3, H, W]. Sizes may differ if the network takes any size. Every
  // reader asks for the images in order, and there may be several readers.
  std::function<Tensor(std::int64_t index)> image;
  std::string digest;      // identifies the images in the record of a quantized model
  bool generated = false;  // made of nothing: the network will see others
};

}  // namespace vitq
