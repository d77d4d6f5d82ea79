// SPDX-License-Identifier: Apache-2.0
// Collects the statistics of one layer, image by image.
#include "vitq/layer_data.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/matmul.h"
#include "base/parallel.h"
#include "layer/statistics.h"

namespace vitq {
namespace {

// Keeps the extremes of each channel, and the sums of values and squares about `centre`.
struct ChannelSums {
  std::vector<float> min, max;
  std::vector<double> sum, squares;

  void add(std::span<const float> row, const std::vector<float>& centre) {
    if (min.empty()) {
      min.assign(row.begin(), row.end());
      max = min;
      sum.assign(row.size(), 0.0);
      squares = sum;
    }
    for (std::size_t c = 0; c < row.size(); ++c) {
      min[c] = std::min(min[c], row[c]);
      max[c] = std::max(max[c], row[c]);
      const double v = static_cast<double>(row[c]) - static_cast<double>(centre[c]);
      sum[c] += v;
      squares[c] += v * v;
    }
  }
  void add(const ChannelSums& other) {
    for (std::size_t c = 0; c < sum.size(); ++c) {
      min[c] = std::min(min[c], other.min[c]);
      max[c] = std::max(max[c], other.max[c]);
      sum[c] += other.sum[c];
      squares[c] += other.squares[c];
    }
  }
};

}  // namespace

struct LayerData::Impl {
  // What the moments of a draft depend on.
  struct Key {
    QParams input;
    Target target = Target::kFloatStream;
    bool cross = false;

    // Tells whether what was collected for this key serves for `other`.
    bool serves(const Key& other) const {
      return input == other.input && target == other.target && (cross || !other.cross);
    }
  };

  LayerSource source;
  int threads;
  std::int64_t kept;
  std::optional<Channels> channels;
  std::optional<LayerSample> sample;
  Target sample_target = Target::kFloatStream;
  std::optional<Moments> moments;
  Key key;
};

LayerData::LayerData(LayerSource source, int threads, std::int64_t sample_rows)
    : impl_(std::make_unique<Impl>()) {
  impl_->source = std::move(source);
  impl_->threads = threads;
  impl_->kept = sample_rows;
}
LayerData::LayerData(LayerData&&) noexcept = default;
LayerData::~LayerData() = default;

const LayerSource& LayerData::source() const {
  return impl_->source;
}

int LayerData::threads() const {
  return impl_->threads;
}

const LayerSample& LayerData::sample(const LayerDraft& layer) {
  if (!impl_->sample) impl_->sample = choose_rows(impl_->source, impl_->kept, impl_->threads);
  if (!impl_->sample->target.values.empty() && impl_->sample_target == layer.target) {
    return *impl_->sample;
  }
  impl_->sample_target = layer.target;
  fill_targets(layer, impl_->source, *impl_->sample);
  return *impl_->sample;
}

LayerSample LayerData::sample(const LayerDraft& layer, std::int64_t count) {
  return thinned(sample(layer), count);
}

const Channels& LayerData::channels() {
  if (impl_->channels) return *impl_->channels;
  const LayerSource& source = impl_->source;
  std::vector<ChannelSums> lanes(kLanes);
  const Matrix first = source.inputs(0);
  const std::vector<float> centre(first.row(0).begin(), first.row(0).end());
  for_lanes(impl_->threads, source.images(), [&](std::int64_t lane, std::int64_t image) {
    const Matrix x = source.inputs(image);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      lanes[static_cast<std::size_t>(lane)].add(x.row(r), centre);
    }
  });
  for (std::size_t i = 1; i < lanes.size(); ++i) {
    if (!lanes[i].sum.empty()) lanes[0].add(lanes[i]);
  }
  const ChannelSums& sums = lanes[0];
  const auto n = static_cast<double>(source.rows_in_all());
  Channels result = {sums.min, sums.max, centre, centre};
  for (std::size_t c = 0; c < centre.size(); ++c) {
    const double mean = sums.sum[c] / n;
    result.mean[c] = static_cast<float>(static_cast<double>(centre[c]) + mean);
    result.deviation[c] =
        static_cast<float>(std::sqrt(std::max(sums.squares[c] / n - mean * mean, 0.0)));
  }
  impl_->channels = std::move(result);
  return *impl_->channels;
}

const Moments& LayerData::moments(const LayerDraft& layer, Cross cross) {
  Impl::Key key = {layer.input, layer.target, cross == Cross::kYes};
  if (impl_->moments && impl_->key.serves(key)) return *impl_->moments;
  impl_->moments = collect_moments(layer, *this, cross);
  impl_->key = std::move(key);
  return *impl_->moments;
}

double output_error(const LayerDraft& layer, const LayerSample& rows) {
  const Matrix y = outputs(layer, dequantized_inputs(layer, rows.x, {0, rows.output_tokens}));
  const std::size_t n = layer.new_bias.size();
  std::vector<double> sum(n, 0.0);
  std::vector<double> squares(n, 0.0);
  double error = 0.0;
  for (std::int64_t r = 0; r < y.rows; ++r) {
    const auto weight = static_cast<double>(rows.weight[static_cast<std::size_t>(r)]);
    const bool own = r < rows.output_tokens && !layer.output_token_bias.empty();
    for (std::size_t o = 0; o < n; ++o) {
      const auto wanted = static_cast<double>(rows.target.row(r)[o]);
      const float bias = own ? layer.output_token_bias[o] - layer.new_bias[o] : 0.0F;
      const double off = wanted - static_cast<double>(y.row(r)[o] + bias);
      error += weight * off * off;
      sum[o] += weight * wanted;
      squares[o] += weight * wanted * wanted;
    }
  }
  double variance = 0.0;
  const auto count = static_cast<double>(rows.x.rows);
  for (std::size_t o = 0; o < n; ++o) variance += squares[o] - sum[o] * sum[o] / count;
  return error / std::max(variance, 1e-30);
}

}  // namespace vitq
