// SPDX-License-Identifier: Apache-2.0
// Real numbers as the integers that stand for them where a network runs on integers only
// (Numerics::kIntegerOnly). Equations: docs/numerics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "vitq/op.h"
#include "vitq/tensor.h"

namespace vitq {

// A value v is the integer v 2^16, limited to 29 bits and a sign.
inline constexpr int kFraction = 16;
inline constexpr std::int32_t kValueLimit = (1 << 29) - 1;
// Zeros of rows of codes have so many bits after the point, and factors of channels so many.
inline constexpr int kZeroFraction = 3;
inline constexpr int kFactorFraction = 20;

// f32 as s32 of the same shape: the nearest values.
Tensor fixed_values(const Tensor& values);
// The same of factors. Throws UnsupportedError, which names `name`, for one of 2^9 or more.
Tensor fixed_factors(const Tensor& factors, const std::string& name);

// A positive number as multiplier 2^-shift, with 14 bits of multiplier.
struct Dyadic {
  std::int32_t multiplier = 0;
  std::int32_t shift = 0;
};
Dyadic dyadic(double value);
// Scales of weights as s32 [2, n]: the multipliers, then the shifts. Throws UnsupportedError, which
// names `name`, for one beyond 2.
Tensor dyadic_scales(std::span<const float> scales, const std::string& name);

// An activation function by its distance from a simple one, which depends on |x| alone. y is
// offset + sign(x) f(|x|) if `odd`, otherwise max(x, 0) - f(|x|).
struct FixedFunction {
  int range = 0;  // f is known over [0, 2^range) and constant beyond
  bool odd = false;
  std::int32_t offset = 0;
};
// Nothing where f is 0.
std::optional<FixedFunction> fixed_function(Act act);
// f in 2^kPieces straight pieces: s32 [2^kPieces].
inline constexpr int kPieces = 9;
Tensor function_pieces(Act act);

}  // namespace vitq
