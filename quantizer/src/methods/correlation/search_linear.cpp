// SPDX-License-Identifier: Apache-2.0
// Does the paper's search for linear layers.
#include <cstddef>

#include "base/matmul.h"
#include "layer/symmetric.h"
#include "methods/correlation/search.h"

namespace vitq {

LinearSearch::LinearSearch(const LayerDraft& layer, const LayerSample& rows)
    : layer_(layer), rows_(rows), bias_(layer.bias) {}

Matrix LinearSearch::products(Scales scales) const {
  const Matrix w = symmetric_codes(layer_.weight, scales.first, weight_codes(layer_.weight_bits));
  const Matrix x = symmetric_codes(rows_.x, scales.second, input_codes(layer_.activation_bits));
  Matrix y = matmul_nt(x, w);
  const float scale = scales.first * scales.second;
  for (float& v : y.values) v *= scale;
  return y;
}

double LinearSearch::score(Scales scales) const {
  Matrix y = products(scales);
  for (std::int64_t r = 0; r < y.rows; ++r) {
    const std::span<float> row = y.row(r);
    for (std::size_t o = 0; o < row.size(); ++o) row[o] += bias_[o];
  }
  return mean_pearson(rows_.target.values, y.values, {rows_.image, rows_.weight});
}

void LinearSearch::correct(Scales scales) {
  const Matrix y = products(scales);
  std::vector<double> sum(bias_.size(), 0.0);
  double weights = 0.0;
  for (std::int64_t r = 0; r < y.rows; ++r) {
    const double weight = static_cast<double>(rows_.weight[static_cast<std::size_t>(r)]);
    const std::span<const float> got = y.row(r);
    const std::span<const float> wanted = rows_.target.row(r);
    for (std::size_t o = 0; o < sum.size(); ++o) {
      sum[o] += weight * (static_cast<double>(wanted[o]) - static_cast<double>(got[o]));
    }
    weights += weight;
  }
  for (std::size_t o = 0; o < sum.size(); ++o) bias_[o] = static_cast<float>(sum[o] / weights);
}

Found search_linear(const LayerDraft& layer, const LayerSample& rows, float input_max,
                    const CorrelationSettings& settings) {
  LinearSearch search(layer, rows);
  const Scales start = {
      max_scale(largest_magnitude(layer.weight.values), weight_codes(layer.weight_bits)),
      max_scale(input_max, input_codes(layer.activation_bits))};
  ScaleObjective objective = {.score = [&](Scales s) { return search.score(s); }};
  if (settings.bias_correction) objective.correct = [&](Scales s) { search.correct(s); };
  return search_scales(start, steps_of(settings), objective);
}

}  // namespace vitq
