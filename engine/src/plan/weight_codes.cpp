// SPDX-License-Identifier: Apache-2.0
#include "plan/weight_codes.h"

#include <cstddef>
#include <type_traits>

namespace vitq {

namespace {

// A range of codes that begins at 0 has one end, if codes are unsigned and wrap around.
template <typename Code>
bool all_within(std::span<const Code> codes, std::int32_t top) {
  using Shifted = std::make_unsigned_t<Code>;
  const auto shift = static_cast<Shifted>(top);
  const auto range = static_cast<Shifted>(2 * top);
  Shifted outside = 0;
  for (const Code code : codes) {
    const auto shifted = static_cast<Shifted>(static_cast<Shifted>(code) + shift);
    outside |= static_cast<Shifted>(shifted > range);
  }
  return outside == 0;
}

}  // namespace

bool within(std::span<const std::int8_t> codes, std::int32_t top) {
  return all_within(codes, top);
}

bool within(std::span<const std::int16_t> codes, std::int32_t top) {
  return all_within(codes, top);
}

std::int32_t sum_of(std::span<const std::int8_t> codes) {
  std::int32_t sum = 0;
  for (const std::int8_t code : codes) sum += code;
  return sum;
}

double dot(std::span<const std::int8_t> codes, std::span<const double> factors) {
  constexpr std::size_t kBlock = 64;
  double sums[4] = {};
  std::size_t c = 0;
  for (; c + kBlock <= factors.size(); c += kBlock) {
    double values[kBlock];
    for (std::size_t i = 0; i < kBlock; ++i) values[i] = codes[c + i];
    for (std::size_t i = 0; i < kBlock; i += 4) {
      for (std::size_t s = 0; s < 4; ++s) sums[s] += values[i + s] * factors[c + i + s];
    }
  }
  for (; c + 4 <= factors.size(); c += 4) {
    for (std::size_t s = 0; s < 4; ++s) sums[s] += codes[c + s] * factors[c + s];
  }
  for (; c < factors.size(); ++c) sums[0] += codes[c] * factors[c];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace vitq
