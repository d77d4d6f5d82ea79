// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <algorithm>

namespace vitq {
namespace {

// The share of the kept inputs whose code a frozen range has clamped.
double clipped_share(const LayerDraft& layer, const Rows& rows) {
  if (layer.input.range != Range::kFrozen) return 0.0;
  const std::vector<float> fold = column_fold(layer);
  const std::vector<float> shift = column_shift(layer);
  const float lo = layer.input.lo.front();
  const float scale = layer.input.scale.front();
  const float most = static_cast<float>(top_code(layer.input.bits)) + 0.5F;
  std::size_t clipped = 0;
  for (std::size_t i = 0; i < rows.x.values.size(); ++i) {
    const std::size_t c = i % fold.size();
    const float code = ((rows.x.values[i] - shift[c]) / fold[c] - lo) / scale;
    if (code < -0.5F || code > most) ++clipped;
  }
  return static_cast<double>(clipped) / static_cast<double>(rows.x.values.size());
}

Json bits_to_json(const std::optional<Bits>& bits, bool attention) {
  if (!bits) return {};
  Json json = Json::object();
  if (!attention) json.set("weights", bits->weights);
  json.set("activations", bits->activations);
  return json;
}

}  // namespace

void report_start(const LayerDraft& layer, LayerData& data, LayerReport& report) {
  const Channels& channels = data.channels();
  report.least = *std::min_element(channels.least.begin(), channels.least.end());
  report.most = *std::max_element(channels.most.begin(), channels.most.end());
  report.error_before = output_error(layer, data.rows(layer));
}

void report_end(const LayerDraft& layer, LayerData& data, LayerReport& report) {
  const Rows& rows = data.rows(layer);
  report.range = layer.input.range;
  report.error_after = output_error(layer, rows);
  report.clipped = clipped_share(layer, rows);
}

Json report_to_json(const std::vector<LayerReport>& report) {
  Json layers = Json::array();
  for (const LayerReport& entry : report) {
    Json json = Json::object();
    json.set("layer", entry.plan.name);
    json.set("kind", entry.plan.attention ? "attention" : "layer");
    json.set("bits", bits_to_json(entry.plan.bits, entry.plan.attention));
    json.set("bytes", entry.plan.bytes).set("macs", entry.plan.macs);
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
