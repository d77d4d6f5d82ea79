// SPDX-License-Identifier: Apache-2.0
// The bits of a quantized layer.
#pragma once

namespace vitq {

// The fewest and the most bits that a quantized layer's weights and activations can have.
inline constexpr int kMinBits = 2;
inline constexpr int kMaxBits = 16;

// Each from kMinBits to kMaxBits.
struct Bits {
  int weights = 7;
  int activations = 8;

  friend bool operator==(const Bits&, const Bits&) = default;
};

}  // namespace vitq
