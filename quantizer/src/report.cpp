// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <algorithm>

#include "histogram.h"
#include "rounding.h"

namespace vitq {
namespace {

constexpr std::int64_t kSpreadRows = 512;
constexpr int kSpreadBins = 64;

// As they are coded: less the shift, over the fold. Of every row, or of every so manieth.
std::vector<float> coded_inputs(const LayerDraft& layer, const Matrix& x, std::int64_t every) {
  const std::vector<float> fold = column_fold(layer);
  const std::vector<float> shift = column_shift(layer);
  std::vector<float> values;
  for (std::int64_t r = 0; r < x.rows; r += every) {
    const std::span<const float> row = x.row(r);
    for (std::size_t c = 0; c < row.size(); ++c) values.push_back((row[c] - shift[c]) / fold[c]);
  }
  return values;
}

// The share of the kept inputs whose code a frozen range has clamped.
double clipped_share(const LayerDraft& layer, const Rows& rows) {
  if (layer.input.range != Range::kFrozen) return 0.0;
  const float lo = layer.input.lo.front();
  const float scale = layer.input.scale.front();
  const float most = static_cast<float>(top_code(layer.input.bits)) + 0.5F;
  const std::vector<float> values = coded_inputs(layer, rows.x, 1);
  const auto clipped = std::ranges::count_if(values, [&](float value) {
    const float code = (value - lo) / scale;
    return code < -0.5F || code > most;
  });
  return static_cast<double>(clipped) / static_cast<double>(values.size());
}

InputSpread input_spread(const LayerDraft& layer, const Rows& rows) {
  Histogram histogram(kSpreadBins);
  histogram.add(coded_inputs(layer, rows.x, rows.x.rows / kSpreadRows + 1));
  InputSpread spread;
  spread.start = histogram.edge(0);
  spread.width = histogram.width();
  spread.counts.assign(histogram.counts().begin(), histogram.counts().end());
  if (layer.input.range == Range::kFrozen) {
    spread.least = layer.input.lo.front();
    spread.most =
        spread.least + layer.input.scale.front() * static_cast<float>(top_code(layer.input.bits));
  }
  return spread;
}

Json bits_to_json(const std::optional<Bits>& bits, bool attention) {
  if (!bits) return {};
  Json json = Json::object();
  if (!attention) json.set("weights", bits->weights);
  json.set("activations", bits->activations);
  return json;
}

}  // namespace

LayerReport report_start(const LayerPlan& plan, LayerDraft& layer, LayerData& data) {
  LayerReport report;
  report.plan = plan;
  const Channels& channels = data.channels();
  report.least = *std::min_element(channels.least.begin(), channels.least.end());
  report.most = *std::max_element(channels.most.begin(), channels.most.end());
  if (layer.codes.empty()) {
    layer.scale = largest_scales(layer);
    round_to_nearest(layer);
  }
  report.error_before = output_error(layer, data.rows(layer));
  return report;
}

void report_end(const LayerDraft& layer, LayerData& data, LayerReport& report) {
  const Rows& rows = data.rows(layer);
  report.range = layer.input.range;
  report.error_after = output_error(layer, rows);
  report.clipped = clipped_share(layer, rows);
  report.spread = input_spread(layer, rows);
}

Json report_to_json(const std::vector<LayerReport>& report) {
  Json layers = Json::array();
  for (const LayerReport& entry : report) {
    Json json = Json::object();
    json.set("layer", entry.plan.name);
    json.set("kind", entry.plan.attention ? "attention" : "layer");
    json.set("bits", bits_to_json(entry.plan.bits, entry.plan.attention));
    json.set("bytes", entry.plan.bytes);
    if (entry.plan.bits && !entry.plan.attention) {
      json.set("range", entry.range == Range::kFrozen ? "frozen" : "per_row");
      json.set("least", static_cast<double>(entry.least))
          .set("most", static_cast<double>(entry.most));
      json.set("clipped", entry.clipped);
      json.set("error_before", entry.error_before).set("error_after", entry.error_after);
    }
    layers.push(std::move(json));
  }
  return layers;
}

}  // namespace vitq
