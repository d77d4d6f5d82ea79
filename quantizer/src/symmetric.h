// SPDX-License-Identifier: Apache-2.0
// Symmetric codes with one scale for a whole tensor: real = scale * code.
#pragma once

#include <cstdint>
#include <span>

#include "vitq/matrix.h"
#include "vitq/quant.h"

namespace vitq {

// The codes that a tensor may have.
struct CodeRange {
  int min = 0;
  int max = 0;
};
// Of weights, keys and values: -max_weight_code..max_weight_code.
CodeRange weight_codes(int bits);
// Of inputs and queries: -2^(bits - 1)..2^(bits - 1) - 1, all the codes there are.
CodeRange input_codes(int bits);
// Of probabilities, which have no negative half: 0..2^(bits - 1) - 1; of 2 bits all four codes.
CodeRange probability_codes(int bits);

float largest_magnitude(std::span<const float> values);
// The scale with which that magnitude has the greatest code; positive and normal also for 0.
float max_scale(float magnitude, CodeRange codes);

// The codes of all values, kept as floats: nearest, ties to even, then clamped.
Matrix symmetric_codes(const Matrix& values, float scale, CodeRange codes);

// The operands as a scheme stores them.
QParams frozen_input(int bits, float scale);
QParams frozen_key_or_value(int bits, float scale);
QParams frozen_probability(int bits, float scale);

}  // namespace vitq
