// SPDX-License-Identifier: Apache-2.0
// Scales and codes of weights: what several methods share.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"

namespace vitq {

// The nearest whole number, ties to even, kept within whole bounds below 2^22: what nearbyintf and
// clamp give, in a form that compilers turn into vectors.
inline float nearest_within(float v, float min, float max) {
  constexpr float kShift = 12582912.0F;  // 1.5 * 2^23: no fraction is left in a sum with it
  return (std::min(std::max(v, min), max) + kShift) - kShift;
}

// max|row| / top code, for every row of the goal.
std::vector<float> largest_scales(const LayerDraft& layer);
// For every row of the goal the scale, out of `steps` shares of the largest one, whose rounding to
// nearest gives the least sum over c of importance[c] * error[c]^2.
std::vector<float> searched_scales(const LayerDraft& layer, std::span<const float> importance,
                                   int steps, int threads = 1);
// The goal rounded to nearest under `layer.scale`.
void round_to_nearest(LayerDraft& layer);

// The Gram matrix of the inputs with `ridge` times its mean diagonal added to the diagonal; with
// `few_ridge` where the layer has few rows and a background steadies them.
Matrix steadied_gram(const LayerDraft& layer, LayerData& data, double ridge, double few_ridge);
std::vector<float> diagonal_of(const Matrix& gram);

}  // namespace vitq
