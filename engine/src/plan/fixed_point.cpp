// SPDX-License-Identifier: Apache-2.0
#include "plan/fixed_point.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/text.h"
#include "vitq/error.h"

namespace vitq {
namespace {

std::int32_t fixed(double value, int fraction) {
  constexpr auto kLimit = static_cast<double>(kValueLimit);
  return static_cast<std::int32_t>(
      std::clamp(std::round(std::ldexp(value, fraction)), -kLimit, kLimit));
}

Tensor fixed(const Tensor& values, int fraction) {
  Tensor result(values.shape(), DType::kS32);
  const std::span<const float> from = values.as<float>();
  std::transform(from.begin(), from.end(), result.as<std::int32_t>().begin(),
                 [&](float value) { return fixed(static_cast<double>(value), fraction); });
  return result;
}

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

// The distance f(|x|) of FixedFunction, for x >= 0.
double distance(Act act, double x) {
  switch (act) {
    case Act::kGelu: return 0.5 * x * std::erfc(x * std::numbers::sqrt2 / 2.0);
    case Act::kGeluTanh: {
      const double t = std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x);
      return x * sigmoid(-2.0 * t);
    }
    case Act::kQuickGelu: return x * sigmoid(-1.702 * x);
    case Act::kSilu: return x * sigmoid(-x);
    case Act::kSigmoid: return sigmoid(x) - 0.5;
    case Act::kTanh: return std::tanh(x);
    case Act::kNone:
    case Act::kRelu: break;
  }
  return 0.0;
}

}  // namespace

Tensor fixed_values(const Tensor& values) {
  return fixed(values, kFraction);
}

Tensor fixed_factors(const Tensor& factors, const std::string& name) {
  constexpr float kMost = 1 << 9;
  for (const float factor : factors.as<float>()) {
    if (factor < kMost) continue;
    throw UnsupportedError(cat("layer '", name, "': integers only take smoothing scales of at ",
                               "least ", 1.0F / kMost, ", not ", 1.0F / factor));
  }
  return fixed(factors, kFactorFraction);
}

Dyadic dyadic(double value) {
  constexpr int kBits = 14;
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  const auto rounded = static_cast<std::int32_t>(std::round(std::ldexp(mantissa, kBits)));
  return {std::min(rounded, (1 << kBits) - 1), kBits - exponent};
}

Tensor dyadic_scales(std::span<const float> scales, const std::string& name) {
  constexpr float kMost = 2.0F;
  const auto n = static_cast<std::int64_t>(scales.size());
  Tensor result({2, n}, DType::kS32);
  const std::span<std::int32_t> to = result.as<std::int32_t>();
  for (std::size_t o = 0; o < scales.size(); ++o) {
    if (scales[o] > kMost) {
      throw UnsupportedError(cat("layer '", name, "': integers only take scales of weights of at ",
                                 "most ", kMost, ", not ", scales[o]));
    }
    const Dyadic scale = dyadic(static_cast<double>(scales[o]));
    to[o] = scale.multiplier;
    to[scales.size() + o] = scale.shift;
  }
  return result;
}

std::optional<FixedFunction> fixed_function(Act act) {
  switch (act) {
    case Act::kNone:
    case Act::kRelu: return std::nullopt;
    case Act::kGelu:
    case Act::kGeluTanh:
    case Act::kQuickGelu: return FixedFunction{.range = 3};
    case Act::kSilu: return FixedFunction{.range = 4};
    case Act::kSigmoid:
      return FixedFunction{.range = 4, .odd = true, .offset = 1 << (kFraction - 1)};
    case Act::kTanh: return FixedFunction{.range = 3, .odd = true};
  }
  return std::nullopt;
}

// The values at the pieces' ends are rounded to 16 bits. A piece has the first above its lowest 16
// bits, and what it rises by in them.
Tensor function_pieces(Act act) {
  const int range = fixed_function(act)->range;
  constexpr int kCount = 1 << kPieces;
  const auto end = [&](int i) {
    const double x = std::ldexp(static_cast<double>(i), range - kPieces);
    return std::min(fixed(distance(act, x), kFraction), (1 << kFraction) - 1);
  };
  Tensor pieces({kCount}, DType::kS32);
  for (int i = 0; i < kCount; ++i) {
    const auto begin = static_cast<std::uint32_t>(end(i));
    const auto rise = static_cast<std::uint32_t>(end(i + 1) - end(i));
    pieces.as<std::int32_t>()[static_cast<std::size_t>(i)] =
        static_cast<std::int32_t>(begin << 16 | (rise & 0xFFFFU));
  }
  return pieces;
}

}  // namespace vitq
