// SPDX-License-Identifier: Apache-2.0
#include "rounding.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vitq {
namespace {

constexpr float kTiny = 1e-12F;

float largest(std::span<const float> row) {
  float most = kTiny;
  for (const float v : row) most = std::max(most, std::abs(v));
  return most;
}

// Fewer codes reward more clipping.
double least_share(int bits) {
  if (bits <= 5) return 0.3;
  return bits == 6 ? 0.5 : 0.7;
}
constexpr double kMostShare = 1.05;

double rounding_error(std::span<const float> row, std::span<const float> importance, float scale,
                      float top) {
  const float inverse = 1.0F / scale;
  double sum = 0.0;
  for (std::size_t c = 0; c < row.size(); ++c) {
    const float code = nearest_within(row[c] * inverse, -top, top);
    const float off = code * scale - row[c];
    sum += static_cast<double>(importance[c] * off * off);
  }
  return sum;
}

}  // namespace

std::vector<float> largest_scales(const LayerDraft& layer) {
  std::vector<float> scales;
  const auto top = static_cast<float>(top_weight(layer.weight_bits));
  for (std::int64_t o = 0; o < layer.goal.rows; ++o) {
    scales.push_back(largest(layer.goal.row(o)) / top);
  }
  return scales;
}

std::vector<float> searched_scales(const LayerDraft& layer, std::span<const float> importance,
                                   int steps) {
  std::vector<float> scales = largest_scales(layer);
  const auto top = static_cast<float>(top_weight(layer.weight_bits));
  const double least = least_share(layer.weight_bits);
  for (std::size_t o = 0; o < scales.size(); ++o) {
    const std::span<const float> row = layer.goal.row(static_cast<std::int64_t>(o));
    const auto start = static_cast<double>(scales[o]);
    double best = rounding_error(row, importance, scales[o], top);
    for (int i = 0; i < steps; ++i) {
      const double share = least + (kMostShare - least) * i / std::max(steps - 1, 1);
      const auto scale = static_cast<float>(start * share);
      const double error = rounding_error(row, importance, scale, top);
      if (error >= best) continue;
      best = error;
      scales[o] = scale;
    }
  }
  return scales;
}

void round_to_nearest(LayerDraft& layer) {
  layer.codes.resize(layer.goal.values.size());
  std::size_t i = 0;
  for (std::int64_t o = 0; o < layer.goal.rows; ++o) {
    const float inverse = 1.0F / layer.scale[static_cast<std::size_t>(o)];
    for (const float v : layer.goal.row(o)) {
      layer.codes[i++] = signed_code_of(v, inverse, layer.weight_bits);
    }
  }
}

Matrix steadied_gram(const LayerDraft& layer, LayerData& data, double ridge, double few_ridge) {
  Matrix gram = data.moments(layer).gram;
  const std::vector<float> diagonal = diagonal_of(gram);
  double mean = 0.0;
  for (const float d : diagonal)
    mean += static_cast<double>(d) / static_cast<double>(diagonal.size());
  const double share = data.source().background ? few_ridge : ridge;
  const auto added = static_cast<float>(share * mean) + kTiny;
  for (std::int64_t c = 0; c < gram.rows; ++c) gram.row(c)[static_cast<std::size_t>(c)] += added;
  return gram;
}

std::vector<float> diagonal_of(const Matrix& gram) {
  std::vector<float> diagonal;
  for (std::int64_t c = 0; c < gram.rows; ++c) {
    diagonal.push_back(gram.row(c)[static_cast<std::size_t>(c)]);
  }
  return diagonal;
}

}  // namespace vitq
