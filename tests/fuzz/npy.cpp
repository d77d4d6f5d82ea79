// SPDX-License-Identifier: Apache-2.0
// An accepted npy file has as many bytes as its floats or doubles need, and a header.
#include "io/npy.h"

#include "fuzz/target.h"
#include "vitq/error.h"

void check(std::span<const std::uint8_t> input) {
  const vitq::Tensor tensor = vitq::parse_npy(std::as_bytes(input), "input");
  const std::size_t size = input.size();
  const std::size_t floats = tensor.as<float>().size();
  const bool single = floats * 4 < size && size <= floats * 4 + 12 + 65'536;
  const bool twice = floats * 8 < size && size <= floats * 8 + 12 + 65'536;
  if ((!single && !twice) || tensor.dtype() != vitq::DType::kF32) __builtin_trap();
}
