// SPDX-License-Identifier: Apache-2.0
// Symmetric codes with one scale for a whole tensor: real = scale * code.
#pragma once

#include <cstdint>
#include <span>

#include "vitq/matrix.h"
#include "vitq/quant.h"

namespace vitq {

// The codes that a tensor can have.
struct CodeRange {
  int min = 0;
  int max = 0;
};
// Weights, keys and values have -max_weight_code to max_weight_code.
CodeRange weight_codes(int bits);
// Inputs and queries have -2^(bits - 1) to 2^(bits - 1) - 1, which are all the codes there are.
CodeRange input_codes(int bits);
// Probabilities have no negative half: 0 to 2^(bits - 1) - 1, but 0 to 3 with 2 bits.
CodeRange probability_codes(int bits);

float largest_magnitude(std::span<const float> values);
// The scale that gives this magnitude the greatest code. It is positive and normal also for 0.
float max_scale(float magnitude, CodeRange codes);

// The codes of all values as floats: clamped, and rounded to nearest with ties to even.
Matrix symmetric_codes(const Matrix& values, float scale, CodeRange codes);

// The static ranges of the operands, as a scheme stores them.
QParams static_input(int bits, float scale);
QParams static_key_or_value(int bits, float scale);
QParams static_probability(int bits, float scale);

}  // namespace vitq
