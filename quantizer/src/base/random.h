// SPDX-License-Identifier: Apache-2.0
// Seeded random numbers that are the same everywhere: splitmix64 (Steele, Lea and Flood, 2014). The
// distributions of the standard library do not promise that.
#pragma once

#include <cstdint>

namespace vitq {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  // In [0, bound), bound positive. The bias of the remainder is below bound / 2^64.
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(bound));
  }

 private:
  std::uint64_t state_;
};

}  // namespace vitq
