// SPDX-License-Identifier: Apache-2.0
// The tests of row kernels share the tiers of this machine, random rows and lengths.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kernels/select.h"
#include "support/isas.h"

namespace row_tests {

using Floats = std::vector<float>;

struct Tier {
  std::string name;
  vitq::CpuFeatures features;
  const vitq::RowKernels& kernels() const { return vitq::row_kernels(features); }
};

// It returns what cpu() has, the lowest first; some tiers share their row kernels.
inline std::vector<Tier> tiers() {
  std::vector<Tier> result;
  for (const vitq::Isa& isa : vitq::test::isas_of(vitq::cpu())) {
    result.push_back({std::string(isa.name), vitq::limited(vitq::cpu(), isa)});
  }
  return result;
}

inline std::int64_t length_of(const Floats& x) {
  return static_cast<std::int64_t>(x.size());
}

// Its numbers are the same on every platform, unlike those of the distributions of <random>.
class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  // The number is in [low, high).
  float uniform(float low, float high) {
    return low + (high - low) * (static_cast<float>(engine_() >> 8) * 0x1p-24F);
  }
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_()) % (high - low + 1);
  }
  Floats row(std::int64_t n, float low, float high) {
    Floats x;
    for (std::int64_t i = 0; i < n; ++i) x.push_back(uniform(low, high));
    return x;
  }

 private:
  std::mt19937 engine_;
};

// They lie around the lane count, at widths of the models, and past the block of softmax_codes.
inline const std::vector<std::int64_t>& lengths() {
  static const std::vector<std::int64_t> kLengths = {1,   2,   15,  16,  17,  31,  33,  63,
                                                     192, 197, 255, 257, 513, 768, 850, 1000};
  return kLengths;
}

}  // namespace row_tests
