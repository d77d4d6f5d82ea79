// SPDX-License-Identifier: Apache-2.0
// Scales and codes of weights, as several methods need them.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"
#include "vitq/matrix.h"
#include "vitq/method.h"

namespace vitq {

// The nearest whole number, with ties to even, clamped to whole bounds below 2^22. It equals
// nearbyintf and clamp, in a form that compilers turn into vectors.
inline float nearest_within(float v, float min, float max) {
  constexpr float kShift = 12582912.0F;  // 1.5 * 2^23: no fraction is left in a sum with it
  return (std::min(std::max(v, min), max) + kShift) - kShift;
}

// The codes that a layer's weights can have.
class CodeGrid {
 public:
  explicit CodeGrid(const LayerDraft& layer);
  // The code nearest to v, a weight in units of its scale.
  float nearest(float v) const {
    if (nearest_.empty()) return nearest_within(v, -top_, top_);
    return nearest_[static_cast<std::size_t>(2.0F * (std::clamp(v, -top_, top_) + top_))];
  }

 private:
  float top_;  // the largest magnitude
  // Of a codebook: by halves of a code. The border between two entries is a whole number of halves.
  std::vector<float> nearest_;
};

// Calls body for a few output channels at a time, [begin, end) of `count`. They take each part of a
// Gram matrix from the cache together.
void for_row_groups(int threads, std::int64_t count,
                    const std::function<void(const RowSpan& rows)>& body);

// max|row| / max_weight_code for each row of the goal, [n].
std::vector<float> largest_scales(const LayerDraft& layer);
// For each row of the goal, the scale with the smallest sum over c of importance[c] * error[c]^2
// after rounding to nearest, [n]. Candidates are the largest scale and `steps` shares of it.
std::vector<float> searched_scales(const LayerDraft& layer, std::span<const float> importance,
                                   int steps, int threads = 1);
// Sets the codes: the goal rounded to nearest under `layer.scale`.
void round_to_nearest(LayerDraft& layer);
// Sets scales of even codes first. A codebook that was made for others goes.
void round_to_nearest(LayerDraft& layer, std::vector<float> scales);

// What is added to the diagonal of a Gram matrix, as a share of its mean. The less the matrix tells
// of the inputs that the layer will see, the more that is.
struct GramRidge {
  double usual;
  double few;        // where the layer has few rows, and a background steadies them
  double generated;  // where the inputs come from generated images

  // Reads "ridge", "few_ridge" and "generated_ridge".
  static GramRidge from(Settings& settings);
};

// The Gram matrix of the inputs, [k, k], with the ridge added.
Matrix steadied_gram(const LayerDraft& layer, LayerData& data, const GramRidge& ridge);
std::vector<float> diagonal_of(const Matrix& gram);
// The inputs with the largest diagonal elements first.
std::vector<std::int64_t> by_falling_diagonal(const Matrix& gram);

}  // namespace vitq
