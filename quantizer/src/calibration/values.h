// SPDX-License-Identifier: Apache-2.0
// Storage for the activations of all calibration images between two layers: in memory up to a
// limit, beyond it in a file without a name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "vitq/tensor.h"

namespace vitq {

// One value of a graph in every image: f32, each of its own shape.
using Values = std::vector<Tensor>;

class ValueStore {
 public:
  // Keeps `memory_bytes` in memory. `scratch` is the folder of the file; if it is empty, the
  // system's folder for temporary files serves.
  ValueStore(std::int64_t memory_bytes, std::filesystem::path scratch);

  // Room for values of these shapes, which is given back when the last of them is gone. Throws
  // FileError if the disk has no room either.
  Values make(std::span<const Shape> shapes);

 private:
  std::shared_ptr<std::byte> room_for(std::int64_t bytes);

  std::shared_ptr<std::int64_t> left_;
  std::filesystem::path scratch_;
};

}  // namespace vitq
