// SPDX-License-Identifier: Apache-2.0
// Where the activations of all calibration images lie between two layers: in memory as long as
// there is room under the cap, otherwise in an unnamed file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "vitq/tensor.h"

namespace vitq {

// One value of a graph for every image, f32, each of its own shape.
using Values = std::vector<Tensor>;

class ValueStore {
 public:
  ValueStore(std::int64_t memory_bytes, std::filesystem::path scratch);

  // Room for values of these shapes, given back when the last of them is gone. Throws FileError if
  // there is none on the disk either.
  Values make(std::span<const Shape> shapes);

 private:
  std::shared_ptr<std::byte> room_for(std::int64_t bytes);

  std::shared_ptr<std::int64_t> left_;
  std::filesystem::path scratch_;
};

}  // namespace vitq
