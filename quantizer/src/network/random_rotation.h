// SPDX-License-Identifier: Apache-2.0
// A random rotation of some channels that leaves their mean as it is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vitq {

// The Kronecker product of two small rotations, behind a shuffle of the channels. It mixes all of
// them, and is faster than a product with a matrix. The same width gives the same rotation on every
// CPU.
class RandomRotation {
 public:
  explicit RandomRotation(std::int64_t width);

  // Of [rows, width].
  void apply_to_rows(std::span<float> values);
  // Of [width, columns].
  void apply_to_columns(std::span<float> values);

 private:
  void apply(std::span<float> values, std::size_t step);

  std::vector<std::vector<double>> left_, right_;
  std::vector<std::size_t> order_;
  std::vector<double> shuffled_;
};

}  // namespace vitq
