// SPDX-License-Identifier: Apache-2.0
// Where the activations of all calibration images lie between two layers: in memory as long as
// there is room under the cap, otherwise in an unnamed file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "vitq/tensor.h"

namespace vitq {

// One value of a graph for every image, f32.
class Values {
 public:
  Values(Shape shape, std::shared_ptr<std::byte> storage)
      : shape_(shape), storage_(std::move(storage)) {}

  const Shape& shape() const { return shape_; }
  // Borrows.
  Tensor image(std::int64_t index) const;

 private:
  Shape shape_;
  std::shared_ptr<std::byte> storage_;
};

class ValueStore {
 public:
  ValueStore(std::int64_t memory_bytes, std::filesystem::path scratch);

  // Room for `count` values of this shape. Throws FileError if there is none on the disk either.
  std::shared_ptr<const Values> make(const Shape& shape, std::int64_t count);

 private:
  std::shared_ptr<std::int64_t> left_;
  std::filesystem::path scratch_;
};

}  // namespace vitq
