// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <algorithm>
#include <cmath>

namespace vitq {
namespace {

constexpr std::int64_t kRowsShown = 512;
constexpr std::int64_t kBins = 48;
constexpr double kShares[] = {0.05, 0.5, 0.95};

// Adds `count` rows that lie evenly between `begin` and `end`, or all of them.
void add_rows(const Matrix& from, std::int64_t begin, std::int64_t end, std::int64_t count,
              Matrix& to) {
  count = std::min(count, end - begin);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::span<const float> row = from.row(begin + i * (end - begin) / count);
    to.values.insert(to.values.end(), row.begin(), row.end());
  }
  to.rows += count;
}

// Rows as they are coded, of which the first are output tokens.
struct ShownRows {
  Matrix x;
  std::int64_t output_tokens;
};

// Takes rows for the report. Output tokens get no greater share than they have of all rows, though
// the sample may hold all of them.
ShownRows some_rows(const LayerSource& source, const LayerSample& rows) {
  const std::int64_t output_tokens = source.output.count() * source.images() * kRowsShown;
  const std::int64_t of_output = (output_tokens + source.rows_in_all() - 1) / source.rows_in_all();
  ShownRows result = {Matrix(0, rows.x.cols), 0};
  add_rows(rows.x, 0, rows.output_tokens, of_output, result.x);
  result.output_tokens = result.x.rows;
  add_rows(rows.x, rows.output_tokens, rows.x.rows, kRowsShown - result.x.rows, result.x);
  return result;
}

void as_coded(const LayerDraft& layer, Matrix& x) {
  const std::vector<float> smoothing_scale = column_smoothing(layer);
  const std::vector<float> channel_offset = column_offset(layer);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const std::span<float> row = x.row(r);
    for (std::size_t c = 0; c < row.size(); ++c)
      row[c] = (row[c] - channel_offset[c]) / smoothing_scale[c];
  }
}

std::array<float, 3> quantiles(std::vector<float> values) {
  std::ranges::sort(values);
  std::array<float, 3> result = {};
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double last = static_cast<double>(values.size() - 1);
    result[i] = values[static_cast<std::size_t>(std::lround(kShares[i] * last))];
  }
  return result;
}

void add_ranges(const QParams& input, const ShownRows& rows, InputSpread& spread) {
  std::vector<float> lows;
  std::vector<float> highs;
  for (std::int64_t r = 0; r < rows.x.rows; ++r) {
    const RowCodes codes = row_codes(input, rows.x.row(r), r < rows.output_tokens);
    lows.push_back(codes.lo);
    highs.push_back(codes.hi());
  }
  spread.lows = quantiles(std::move(lows));
  spread.highs = quantiles(std::move(highs));
}

InputSpread spread_of(const LayerDraft& layer, ShownRows rows) {
  as_coded(layer, rows.x);
  InputSpread spread;
  spread.rows = rows.x.rows;
  const auto [min, max] = std::ranges::minmax(rows.x.values);
  spread.min = min;
  spread.max = max;
  spread.counts.assign(static_cast<std::size_t>(kBins), 0);
  const float bins = max > min ? static_cast<float>(kBins) / (max - min) : 0.0F;
  for (const float v : rows.x.values) {
    const auto bin = static_cast<std::int64_t>((v - min) * bins);
    ++spread.counts[static_cast<std::size_t>(std::clamp<std::int64_t>(bin, 0, kBins - 1))];
  }
  add_ranges(layer.input, rows, spread);
  return spread;
}

template <typename Values>
Json list_of(const Values& values) {
  Json json = Json::array();
  for (const auto value : values) json.push(static_cast<double>(value));
  return json;
}

Json spread_to_json(const InputSpread& spread) {
  Json counts = Json::array();
  for (const std::int64_t count : spread.counts) counts.push(count);
  Json json = Json::object();
  json.set("rows", spread.rows).set("least", static_cast<double>(spread.min));
  json.set("most", static_cast<double>(spread.max)).set("counts", std::move(counts));
  return json.set("lows", list_of(spread.lows)).set("highs", list_of(spread.highs));
}

// Gives the share of the kept inputs whose code the end of a range has clamped.
double clipped_share(const LayerDraft& layer, const LayerSample& rows) {
  if (layer.input.range != Range::kStatic && layer.input.clip.empty()) return 0.0;
  Matrix x = rows.x;
  as_coded(layer, x);
  std::size_t clipped = 0;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const RowCodes codes = row_codes(layer.input, x.row(r), r < rows.output_tokens);
    const float max = static_cast<float>(max_code(codes.bits)) + 0.5F;
    for (const float v : x.row(r)) {
      const float code = (v - codes.lo) / codes.scale;
      if (code < -0.5F || code > max) ++clipped;
    }
  }
  return static_cast<double>(clipped) / static_cast<double>(x.values.size());
}

Json bits_to_json(const LayerPlan& plan) {
  if (!plan.bits) return {};
  Json json = Json::object();
  if (!plan.attention) json.set("weights", plan.bits->weights);
  json.set("activations", plan.bits->activations);
  if (plan.output_token_bits) json.set("output_tokens", *plan.output_token_bits);
  return json;
}

}  // namespace

void report_start(const LayerDraft& layer, LayerData& data, LayerReport& report) {
  const Channels& channels = data.channels();
  report.min = *std::min_element(channels.min.begin(), channels.min.end());
  report.max = *std::max_element(channels.max.begin(), channels.max.end());
  report.error_before = output_error(layer, data.sample(layer));
}

void report_end(const LayerDraft& layer, LayerData& data, LayerReport& report) {
  const LayerSample& rows = data.sample(layer);
  report.range = layer.input.range;
  report.error_after = output_error(layer, rows);
  report.clipped = clipped_share(layer, rows);
  if (!layer.input.clip.empty()) report.clip = {layer.input.clip[0], layer.input.clip[1]};
  report.inputs = spread_of(layer, some_rows(data.source(), rows));
}

Json report_to_json(const std::vector<LayerReport>& report) {
  Json layers = Json::array();
  for (const LayerReport& entry : report) {
    Json json = Json::object();
    json.set("layer", entry.plan.name);
    json.set("kind", entry.plan.attention ? "attention" : "layer");
    json.set("bits", bits_to_json(entry.plan));
    json.set("bytes", entry.plan.bytes).set("macs", entry.plan.macs);
    if (entry.plan.bits && !entry.plan.attention) {
      json.set("range", entry.range == Range::kStatic ? "static" : "per_token");
      json.set("least", static_cast<double>(entry.min)).set("most", static_cast<double>(entry.max));
      json.set("clipped", entry.clipped);
      json.set("clip", list_of(entry.clip));
      json.set("error_before", entry.error_before).set("error_after", entry.error_after);
      if (entry.inputs.rows > 0) json.set("coded_inputs", spread_to_json(entry.inputs));
    }
    layers.push(std::move(json));
  }
  return layers;
}

}  // namespace vitq
