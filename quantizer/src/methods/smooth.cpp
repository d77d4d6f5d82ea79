// SPDX-License-Identifier: Apache-2.0
// Method "smooth": {"rows": 1024, "steps": 12}. It shifts and scales the input channels before they
// are quantized. Of several candidates it takes the one with the least error at the outputs of some
// rows. Parts of the outputs that are read apart (Q, K, V) count relative to their own variance.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/parallel.h"
#include "layer/rounding.h"
#include "methods/list.h"

namespace vitq {
namespace {

constexpr float kMinSpread = 1e-6F;

struct Smoothing {
  std::vector<float> smoothing_scale, channel_offset;  // empty: none
};

// Divides factors by their geometric mean.
std::vector<float> normalized(std::vector<float> factors) {
  double logs = 0.0;
  for (const float f : factors)
    logs += std::log(static_cast<double>(f)) / static_cast<double>(factors.size());
  for (float& f : factors) {
    f = static_cast<float>(std::clamp(static_cast<double>(f) / std::exp(logs), 1e-3, 1e3));
  }
  return factors;
}

template <typename Of>
std::vector<float> per_channel(std::size_t channels, const Of& of) {
  std::vector<float> values(channels);
  for (std::size_t c = 0; c < channels; ++c) values[c] = of(c);
  return values;
}

std::vector<float> largest_weights(const Matrix& weight) {
  std::vector<float> largest(static_cast<std::size_t>(weight.cols), kMinSpread);
  for (std::int64_t o = 0; o < weight.rows; ++o) {
    const std::span<const float> row = weight.row(o);
    for (std::size_t c = 0; c < row.size(); ++c)
      largest[c] = std::max(largest[c], std::abs(row[c]));
  }
  return largest;
}

// Gives what channels are scaled by. Nothing is known of a channel that stands still on the
// calibration images. Scaled by the little that it moved, it would fill the range of any row where
// it does move. So it counts like the median of the others. Generated images leave channels quiet
// that others move. So they only tell which channels are louder than most.
std::vector<float> steadied(std::vector<float> spread, bool generated) {
  constexpr float kLoud = 4.0F;
  const auto still = [](float s) { return s <= kMinSpread; };
  std::vector<float> moving;
  std::ranges::remove_copy_if(spread, std::back_inserter(moving), still);
  if (moving.empty()) return std::vector<float>(spread.size(), 1.0F);
  const auto middle = moving.begin() + static_cast<std::ptrdiff_t>(moving.size() / 2);
  std::ranges::nth_element(moving, middle);
  std::ranges::replace_if(spread, still, *middle);
  if (generated) {
    const float least = kLoud * *middle;
    for (float& s : spread) s = std::max(s, least);
  }
  return spread;
}

std::vector<Smoothing> candidates_for(const LayerDraft& layer, const Channels& channels,
                                      bool generated) {
  const std::size_t k = channels.mean.size();
  const std::vector<float> range = steadied(
      per_channel(k, [&](std::size_t c) { return channels.max[c] - channels.min[c]; }), generated);
  const std::vector<float> deviation = steadied(channels.deviation, generated);
  const std::vector<float> largest = largest_weights(layer.weight);
  const std::vector<float> middle =
      per_channel(k, [&](std::size_t c) { return (channels.max[c] + channels.min[c]) / 2.0F; });
  const auto power = [&](const std::vector<float>& of, float exponent) {
    return normalized(per_channel(k, [&](std::size_t c) { return std::pow(of[c], exponent); }));
  };
  std::vector<Smoothing> candidates = {{{}, {}}, {{}, channels.mean}};
  for (const float exponent : {0.5F, 0.75F, 1.0F}) {
    candidates.push_back({power(range, exponent), middle});
  }
  candidates.push_back({power(deviation, 0.5F), channels.mean});
  const std::vector<float> shared = per_channel(
      k, [&](std::size_t c) { return std::pow(range[c], 0.65F) / std::pow(largest[c], 0.35F); });
  candidates.push_back({normalized(shared), middle});
  return candidates;
}

// Gives the weighted variance of each column.
std::vector<double> variances(const Matrix& m, std::span<const float> weight) {
  std::vector<double> sum(static_cast<std::size_t>(m.cols), 0.0);
  std::vector<double> squares = sum;
  for (std::int64_t r = 0; r < m.rows; ++r) {
    const std::span<const float> row = m.row(r);
    const auto w = static_cast<double>(weight[static_cast<std::size_t>(r)]);
    for (std::size_t c = 0; c < row.size(); ++c) {
      sum[c] += w * static_cast<double>(row[c]);
      squares[c] += w * static_cast<double>(row[c]) * static_cast<double>(row[c]);
    }
  }
  const auto n = static_cast<double>(m.rows);
  for (std::size_t c = 0; c < sum.size(); ++c) {
    squares[c] = std::max(squares[c] / n - sum[c] / n * (sum[c] / n), 0.0);
  }
  return squares;
}

class Smooth : public Method {
 public:
  Smooth(std::int64_t rows, int steps) : rows_(rows), steps_(steps) {}

  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    if (layer.role == Role::kInput) return;
    const LayerSample rows = data.sample(layer, rows_);
    const Matrix wanted = float_outputs(layer, rows.x);
    const std::vector<Smoothing> candidates =
        candidates_for(layer, data.channels(), data.source().generated);
    std::vector<double> errors(candidates.size());
    parallel_for(data.threads(), static_cast<std::int64_t>(errors.size()), [&](std::int64_t i) {
      const auto index = static_cast<std::size_t>(i);
      LayerDraft trial = layer;
      set_smoothing(trial, candidates[index].smoothing_scale, candidates[index].channel_offset);
      errors[index] = error_of(trial, rows, wanted);
    });
    const auto best = std::min_element(errors.begin(), errors.end()) - errors.begin();
    const Smoothing& chosen = candidates[static_cast<std::size_t>(best)];
    set_smoothing(layer, chosen.smoothing_scale, chosen.channel_offset);
    round_to_nearest(layer, largest_scales(layer));
  }

 private:
  // Gives the error with weights rounded to nearest, without the part that a bias makes up for.
  double error_of(LayerDraft& trial, const LayerSample& rows, const Matrix& wanted) const {
    const Matrix u = dequantized_inputs(trial, rows.x, {0, rows.output_tokens});
    std::vector<float> importance;
    for (const double v : variances(u, rows.weight)) {
      importance.push_back(static_cast<float>(v) + 1e-12F);
    }
    round_to_nearest(trial, searched_scales(trial, importance, steps_));
    Matrix off = outputs(trial, u);
    for (std::size_t i = 0; i < off.values.size(); ++i) off.values[i] -= wanted.values[i];
    const std::vector<double> errors = variances(off, rows.weight);
    const std::vector<double> sizes = variances(wanted, rows.weight);
    double total = 0.0;
    std::size_t o = 0;
    for (const std::int64_t part : trial.parts) {
      double error = 0.0;
      double size = 1e-30;
      for (const std::size_t end = o + static_cast<std::size_t>(part); o < end; ++o) {
        error += errors[o];
        size += sizes[o];
      }
      total += error / size;
    }
    return total;
  }

  std::int64_t rows_;
  int steps_;
};

}  // namespace

std::unique_ptr<const Method> make_smooth(Settings& settings) {
  const std::int64_t rows = settings.integer("rows", 1024, 1 << 20);
  return std::make_unique<Smooth>(rows, static_cast<int>(settings.integer("steps", 12, 1000)));
}

}  // namespace vitq
