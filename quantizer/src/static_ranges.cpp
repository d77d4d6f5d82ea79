// SPDX-License-Identifier: Apache-2.0
#include "static_ranges.h"

#include <algorithm>
#include <vector>

#include "attention_rows.h"
#include "layer_rows.h"
#include "parallel.h"
#include "vitq/quant.h"

namespace vitq {
namespace {

QParams frozen(int bits, double lo, double scale) {
  constexpr double kMin = 1e-9;
  return {.bits = bits,
          .range = Range::kStatic,
          .scale = {static_cast<float>(std::max(scale, kMin))},
          .lo = {static_cast<float>(lo)},
          .smoothing_scale = {},
          .channel_offset = {}};
}

QParams free_range(int bits, Interval range) {
  return frozen(bits, range.lo, (range.hi - range.lo) / max_code(bits));
}

QParams symmetric_range(int bits, Interval range) {
  return frozen(bits, 0.0, range.hi / max_weight_code(bits));
}

// Of all images and heads.
struct Operands {
  Histogram query, key, probability, value;

  void add(const AttentionSample& sample, float scale) {
    query.add(sample.query.as<float>());
    key.add(sample.key.as<float>());
    value.add(sample.value.as<float>());
    for (const Matrix& p : probabilities(sample, scale)) probability.add(p.values);
  }
  void add(const Operands& other) {
    query.add(other.query);
    key.add(other.key);
    probability.add(other.probability);
    value.add(other.value);
  }
};

Operands operand_histograms(const AttentionDraft& attention, const AttentionData& data) {
  std::vector<Operands> lanes(kLanes);
  for_lanes(data.threads, data.images, [&](std::int64_t lane, std::int64_t image) {
    lanes[static_cast<std::size_t>(lane)].add(data.sample(image), attention.scale);
  });
  Operands sum;
  for (const Operands& lane : lanes) sum.add(lane);
  return sum;
}

}  // namespace

void StaticRanges::fit_layer(LayerDraft& layer, LayerData& data) const {
  const Histogram histogram = input_histogram(data);
  set_smoothing(layer, {}, {});
  const int bits = layer.activation_bits;
  layer.input = free_range(bits, estimate_(histogram, {Codes::kFree, bits}));
}

void StaticRanges::fit_attention(AttentionDraft& attention, AttentionData& data) const {
  const Operands seen = operand_histograms(attention, data);
  const int bits = attention.bits;
  const CodeKind free = {Codes::kFree, bits};
  const CodeKind symmetric = {Codes::kSymmetric, bits};
  attention.query = free_range(bits, estimate_(seen.query, free));
  attention.key = symmetric_range(bits, estimate_(seen.key, symmetric));
  attention.value = symmetric_range(bits, estimate_(seen.value, symmetric));
  attention.probability = free_range(bits, {0.0, of_probabilities_(seen.probability, free).hi});
}

}  // namespace vitq
