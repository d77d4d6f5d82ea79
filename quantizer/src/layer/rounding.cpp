// SPDX-License-Identifier: Apache-2.0
#include "layer/rounding.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/parallel.h"

namespace vitq {
namespace {

constexpr float kTiny = 1e-12F;

float largest(std::span<const float> row) {
  float max = kTiny;
  for (const float v : row) max = std::max(max, std::abs(v));
  return max;
}

// Fewer codes reward more clipping.
double min_share(int bits) {
  if (bits <= 5) return 0.3;
  return bits == 6 ? 0.5 : 0.7;
}
constexpr double kMaxShare = 1.05;

constexpr std::size_t kAtOnce = 8;
using Scales8 = std::array<float, kAtOnce>;
using Errors8 = std::array<double, kAtOnce>;

// Eight scales are tried at a time, because no sum waits for another.
Errors8 rounding_errors(std::span<const float> row, std::span<const float> importance,
                        const Scales8& scales, float top) {
  Scales8 inverse;
  for (std::size_t i = 0; i < kAtOnce; ++i) inverse[i] = 1.0F / scales[i];
  Errors8 sums = {};
  for (std::size_t c = 0; c < row.size(); ++c) {
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      const float code = nearest_within(row[c] * inverse[i], -top, top);
      const float off = code * scales[i] - row[c];
      sums[i] += static_cast<double>(importance[c] * off * off);
    }
  }
  return sums;
}

// The largest scale comes first, then shares of it.
std::vector<float> scales_to_try(float largest, double min, int steps) {
  std::vector<float> scales = {largest};
  for (int i = 0; i < steps; ++i) {
    const double share = min + (kMaxShare - min) * i / std::max(steps - 1, 1);
    scales.push_back(static_cast<float>(static_cast<double>(largest) * share));
  }
  return scales;
}

float best_scale(std::span<const float> row, std::span<const float> importance,
                 const std::vector<float>& scales, float top) {
  double min = std::numeric_limits<double>::infinity();
  float best = scales[0];
  for (std::size_t begin = 0; begin < scales.size(); begin += kAtOnce) {
    Scales8 some;
    some.fill(scales[0]);
    const std::size_t count = std::min(kAtOnce, scales.size() - begin);
    std::copy_n(scales.begin() + static_cast<std::ptrdiff_t>(begin), count, some.begin());
    const Errors8 errors = rounding_errors(row, importance, some, top);
    for (std::size_t i = 0; i < count; ++i) {
      if (!(errors[i] < min)) continue;
      min = errors[i];
      best = some[i];
    }
  }
  return best;
}

}  // namespace

CodeGrid::CodeGrid(const LayerDraft& layer)
    : top_(static_cast<float>(max_weight_code(layer.weight_bits))) {
  const std::vector<float>& entries = layer.codebook;
  if (entries.empty()) return;
  top_ = std::max(-entries.front(), entries.back());
  for (float v = -top_ + 0.25F; v < top_ + 0.5F; v += 0.5F) {
    nearest_.push_back(
        *std::ranges::min_element(entries, {}, [v](float entry) { return std::abs(entry - v); }));
  }
}

void for_row_groups(int threads, std::int64_t count,
                    const std::function<void(const RowSpan& rows)>& body) {
  constexpr std::int64_t kTogether = 8;
  parallel_for(threads, (count + kTogether - 1) / kTogether, [&](std::int64_t group) {
    body({group * kTogether, std::min((group + 1) * kTogether, count)});
  });
}

std::vector<float> largest_scales(const LayerDraft& layer) {
  std::vector<float> scales;
  const auto top = static_cast<float>(max_weight_code(layer.weight_bits));
  for (std::int64_t o = 0; o < layer.goal.rows; ++o) {
    scales.push_back(largest(layer.goal.row(o)) / top);
  }
  return scales;
}

std::vector<float> searched_scales(const LayerDraft& layer, std::span<const float> importance,
                                   int steps, int threads) {
  std::vector<float> scales = largest_scales(layer);
  const auto top = static_cast<float>(max_weight_code(layer.weight_bits));
  const double min = min_share(layer.weight_bits);
  parallel_for(threads, layer.goal.rows, [&](std::int64_t row) {
    float& scale = scales[static_cast<std::size_t>(row)];
    scale = best_scale(layer.goal.row(row), importance, scales_to_try(scale, min, steps), top);
  });
  return scales;
}

void round_to_nearest(LayerDraft& layer) {
  layer.codes.resize(layer.goal.values.size());
  const CodeGrid grid(layer);
  std::size_t i = 0;
  for (std::int64_t o = 0; o < layer.goal.rows; ++o) {
    const float inverse = 1.0F / layer.scale[static_cast<std::size_t>(o)];
    for (const float v : layer.goal.row(o)) {
      layer.codes[i++] = static_cast<std::int16_t>(grid.nearest(v * inverse));
    }
  }
}

void round_to_nearest(LayerDraft& layer, std::vector<float> scales) {
  layer.scale = std::move(scales);
  layer.codebook.clear();
  round_to_nearest(layer);
}

GramRidge GramRidge::from(Settings& settings) {
  return {.usual = settings.number("ridge", 0.003, 0.0, 1.0),
          .few = settings.number("few_ridge", 0.01, 0.0, 1.0),
          .generated = settings.number("generated_ridge", 0.3, 0.0, 1.0)};
}

Matrix steadied_gram(const LayerDraft& layer, LayerData& data, const GramRidge& ridge) {
  Matrix gram = data.moments(layer).gram;
  const std::vector<float> diagonal = diagonal_of(gram);
  double mean = 0.0;
  for (const float d : diagonal)
    mean += static_cast<double>(d) / static_cast<double>(diagonal.size());
  const LayerSource& source = data.source();
  const double usual = source.background ? ridge.few : ridge.usual;
  const double share = source.generated ? ridge.generated : usual;
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

std::vector<std::int64_t> by_falling_diagonal(const Matrix& gram) {
  const std::vector<float> diagonal = diagonal_of(gram);
  std::vector<std::int64_t> order(diagonal.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return diagonal[static_cast<std::size_t>(a)] > diagonal[static_cast<std::size_t>(b)];
  });
  return order;
}

}  // namespace vitq
