// SPDX-License-Identifier: Apache-2.0
// Method "codebook": {"top": 31, "rounds": 30}. The codes of a layer's weights become 2^bits
// integers of at most `top`, spread as its weights are (Lloyd, Least squares quantization in PCM,
// 1982). Each weight counts as much as the variance of its input says. The scales of the output
// channels and the codebook are fitted in turn. Weights go to the nearest entry. Where that is no
// nearer than the even codes that there are, these stay. So they do in small layers, in whose files
// a codebook would take too much room.
#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "layer/rounding.h"
#include "methods/list.h"

namespace vitq {
namespace {

// What falls on each entry of a codebook: how much, and its weighted mean.
struct Share {
  double weight = 0.0;
  double sum = 0.0;
};

std::size_t nearest_entry(const std::vector<float>& entries, float v) {
  const auto above = std::ranges::lower_bound(entries, v);
  if (above == entries.begin()) return 0;
  if (above == entries.end()) return entries.size() - 1;
  const auto index = static_cast<std::size_t>(above - entries.begin());
  return v - entries[index - 1] <= *above - v ? index - 1 : index;
}

// A codebook of real numbers and the scales that go with it.
class Fit {
 public:
  Fit(const LayerDraft& layer, std::vector<float> importance, int threads)
      : goal_(layer.goal), importance_(std::move(importance)), threads_(threads) {
    const auto count = std::size_t{1} << static_cast<unsigned>(layer.weight_bits);
    for (std::size_t i = 0; i < count; ++i) {
      entries_.push_back(-1.0F + 2.0F * static_cast<float>(i) / static_cast<float>(count - 1));
    }
    const auto top = static_cast<float>(max_weight_code(layer.weight_bits));
    for (const float scale : layer.scale) scales_.push_back(scale * top);
  }

  // Takes the best entries for the scales, then the best scales for the entries.
  void improve() {
    move_entries();
    fit_scales();
  }
  void fit_scales() {
    parallel_for(threads_, goal_.rows, [&](std::int64_t o) { fit_scale(o); });
  }
  // Integers of at most `top`, all different, and the scales that go with them.
  void round(int top) {
    float largest = 0.0F;
    for (const float entry : entries_) largest = std::max(largest, std::abs(entry));
    const float factor = static_cast<float>(top) / largest;
    for (float& entry : entries_) entry = std::nearbyintf(entry * factor);
    for (float& scale : scales_) scale /= factor;
    spread(static_cast<float>(top));
  }
  const std::vector<float>& entries() const { return entries_; }
  const std::vector<float>& scales() const { return scales_; }

 private:
  // Entries that fell together move apart.
  void spread(float top) {
    for (std::size_t i = 1; i < entries_.size(); ++i) {
      entries_[i] = std::max(entries_[i], entries_[i - 1] + 1.0F);
    }
    float room = top;
    for (std::size_t i = entries_.size(); i-- > 0; room = entries_[i] - 1.0F) {
      entries_[i] = std::min(entries_[i], room);
    }
  }

  void move_entries() {
    std::vector<std::vector<Share>> lanes(kLanes, std::vector<Share>(entries_.size()));
    for_lanes(threads_, goal_.rows, [&](std::int64_t lane, std::int64_t o) {
      const auto scale = static_cast<double>(scales_[at(o)]);
      const std::span<const float> row = goal_.row(o);
      for (std::size_t c = 0; c < row.size(); ++c) {
        const double v = static_cast<double>(row[c]) / scale;
        Share& share = lanes[at(lane)][nearest_entry(entries_, static_cast<float>(v))];
        const double weight = static_cast<double>(importance_[c]) * scale * scale;
        share.weight += weight;
        share.sum += weight * v;
      }
    });
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      Share all;
      for (const std::vector<Share>& lane : lanes) {
        all.weight += lane[i].weight;
        all.sum += lane[i].sum;
      }
      if (all.weight > 0.0) entries_[i] = static_cast<float>(all.sum / all.weight);
    }
    std::ranges::sort(entries_);
  }

  void fit_scale(std::int64_t o) {
    float& scale = scales_[at(o)];
    double both = 0.0;
    double squares = 0.0;
    const std::span<const float> row = goal_.row(o);
    for (std::size_t c = 0; c < row.size(); ++c) {
      const auto entry = static_cast<double>(entries_[nearest_entry(entries_, row[c] / scale)]);
      const auto weight = static_cast<double>(importance_[c]);
      both += weight * static_cast<double>(row[c]) * entry;
      squares += weight * entry * entry;
    }
    if (both > 0.0 && squares > 0.0) scale = static_cast<float>(both / squares);
  }

  const Matrix& goal_;
  std::vector<float> importance_;  // of each input
  int threads_;
  std::vector<float> entries_;  // rising
  std::vector<float> scales_;   // of the output channels
};

class Codebook : public Method {
 public:
  Codebook(int top, int rounds) : top_(top), rounds_(rounds) {}

  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    constexpr std::size_t kWeightsPerEntry = 64;
    const auto entries = std::size_t{1} << static_cast<unsigned>(layer.weight_bits);
    const bool small = layer.goal.values.size() < kWeightsPerEntry * entries;
    if (small || layer.weight_bits >= kDigitBits || !layer.codebook.empty()) return;
    const std::vector<float> importance = diagonal_of(data.moments(layer).gram);
    Fit fit(layer, importance, data.threads());
    for (int i = 0; i < rounds_; ++i) fit.improve();
    fit.round(std::max(top_, max_weight_code(layer.weight_bits) + 1));
    fit.fit_scales();
    LayerDraft coded = layer;
    coded.codebook = fit.entries();
    coded.scale = fit.scales();
    round_to_nearest(coded);
    if (error_of(coded, importance) < error_of(layer, importance)) layer = std::move(coded);
  }

 private:
  static double error_of(const LayerDraft& layer, const std::vector<float>& importance) {
    double error = 0.0;
    const Matrix found = dequantized_weights(layer);
    for (std::size_t i = 0; i < found.values.size(); ++i) {
      const auto off = static_cast<double>(found.values[i] - layer.goal.values[i]);
      error += static_cast<double>(importance[i % importance.size()]) * off * off;
    }
    return error;
  }

  int top_, rounds_;
};

}  // namespace

std::unique_ptr<const Method> make_codebook(Settings& settings) {
  const auto top = static_cast<int>(settings.integer("top", 31, 127));
  return std::make_unique<Codebook>(top, static_cast<int>(settings.integer("rounds", 30, 1000)));
}

}  // namespace vitq
