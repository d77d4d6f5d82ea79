// SPDX-License-Identifier: Apache-2.0
#include "layer/symmetric.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "layer/rounding.h"

namespace vitq {
namespace {

int half(int bits) {
  return 1 << (bits - 1);
}

// The codes 0 to 2^(bits - 1) - 1 are those of one bit less, but there are no fewer than 2 bits.
int probability_bits(int bits) {
  return std::max(bits - 1, 2);
}

QParams frozen(int bits, float scale, float lo) {
  return {.bits = bits,
          .range = Range::kStatic,
          .scale = {scale},
          .lo = {lo},
          .smoothing_scale = {},
          .channel_offset = {}};
}

}  // namespace

CodeRange weight_codes(int bits) {
  return {-max_weight_code(bits), max_weight_code(bits)};
}

CodeRange input_codes(int bits) {
  return {-half(bits), half(bits) - 1};
}

CodeRange probability_codes(int bits) {
  return {0, max_code(probability_bits(bits))};
}

float largest_magnitude(std::span<const float> values) {
  float largest = 0.0F;
  for (const float v : values) largest = std::max(largest, std::fabs(v));
  return largest;
}

float max_scale(float magnitude, CodeRange codes) {
  constexpr float kMin = 1e-9F;
  return std::max(magnitude / static_cast<float>(codes.max), kMin);
}

Matrix symmetric_codes(const Matrix& values, float scale, CodeRange codes) {
  Matrix result(values.rows, values.cols);
  const float inverse = 1.0F / scale;
  const auto min = static_cast<float>(codes.min);
  const auto max = static_cast<float>(codes.max);
  for (std::size_t i = 0; i < values.values.size(); ++i) {
    result.values[i] = nearest_within(values.values[i] * inverse, min, max);
  }
  return result;
}

QParams static_input(int bits, float scale) {
  return frozen(bits, scale, static_cast<float>(-half(bits)) * scale);
}

QParams static_key_or_value(int bits, float scale) {
  return frozen(bits, scale, 0.0F);
}

QParams static_probability(int bits, float scale) {
  return frozen(probability_bits(bits), scale, 0.0F);
}

}  // namespace vitq
