// SPDX-License-Identifier: Apache-2.0
#include "quantize/report.h"

#include <array>
#include <numeric>

#include "common/args.h"
#include "common/bits_text.h"
#include "common/table.h"

namespace vitq::apps {

namespace {

std::int64_t bytes_of(const Weights& weights, const std::string& name) {
  const Tensor* tensor = weights.find(name);
  return tensor == nullptr ? 0 : static_cast<std::int64_t>(tensor->bytes());
}

std::int64_t float_bytes(const LayerPlan& layer, const Weights& weights) {
  return bytes_of(weights, layer.name + ".weight") + bytes_of(weights, layer.name + ".bias");
}

std::string csv_line(const LayerReport& entry) {
  const LayerPlan& plan = entry.plan;
  std::string line = csv_field(plan.name) + (plan.attention ? ",attention," : ",layer,") +
                     bits_text(plan) + ',' + std::to_string(plan.bytes);
  if (!plan.bits || plan.attention) return line + ",,,,,,,,\n";
  line += entry.range == Range::kStatic ? ",static" : ",per_token";
  for (const double value :
       {static_cast<double>(entry.min), static_cast<double>(entry.max), entry.clipped,
        entry.error_before, entry.error_after, static_cast<double>(entry.clip[0]),
        static_cast<double>(entry.clip[1])}) {
    line += ',' + significant(value, 6);
  }
  return line + '\n';
}

}  // namespace

std::string bits_text(const LayerPlan& layer) {
  if (!layer.bits) return "float";
  const std::optional<int> weights =
      layer.attention ? std::nullopt : std::optional(layer.bits->weights);
  return bits_text(weights, layer.bits->activations, layer.output_token_bits);
}

std::string ratio(std::int64_t bytes, std::int64_t of) {
  return fixed(static_cast<double>(bytes) / static_cast<double>(of), 3);
}

std::string kept_text(const QuantizedModel& made) {
  std::vector<std::string> kept;
  for (const LayerReport& entry : made.report) {
    if (!entry.plan.bits) kept.push_back(entry.plan.name);
  }
  if (numerics_of(made.info) == Numerics::kIntegerOnly) return "nothing";
  if (kept.empty()) return "nothing but normalization, softmax and activation functions";
  std::string text =
      listed({kept.begin(), kept.begin() + std::min<std::ptrdiff_t>(std::ssize(kept), 4)});
  if (kept.size() > 4) text += " and " + std::to_string(kept.size() - 4) + " more";
  return text;
}

std::string plan_text(std::span<const LayerPlan> plan, const Weights& weights) {
  std::int64_t before = 0;
  for (const auto& [name, tensor] : weights.tensors) {
    before += static_cast<std::int64_t>(tensor.bytes());
  }
  std::int64_t after = before;
  Table table({"layer", "bits", "weights", "bytes now", "bytes then"}, "llrrr");
  for (const LayerPlan& layer : plan) {
    const std::int64_t now = float_bytes(layer, weights);
    const std::int64_t then = layer.bits ? layer.bytes : now;
    after += then - now;
    const bool has_weights = !layer.attention;
    table.add({layer.name, bits_text(layer),
               has_weights ? with_prefix(static_cast<double>(layer.weights)) : "",
               has_weights ? byte_count(now) : "", has_weights ? byte_count(then) : ""});
  }
  return table.str() + "\nall tensors: " + byte_count(before) + " now, about " + byte_count(after) +
         " then (" + ratio(after, before) + ")\n";
}

ReportFormat report_format(const std::filesystem::path& path) {
  if (path.extension() == ".json") return ReportFormat::kJson;
  if (path.extension() == ".csv") return ReportFormat::kCsv;
  if (path.extension() == ".html") return ReportFormat::kHtml;
  if (path.extension() == ".svg") return ReportFormat::kSvg;
  throw UsageError("the name of a report ends in .json, .csv, .html or .svg, not as '" +
                   path.string() + "'");
}

std::string report_text(const QuantizedModel& made, ReportFormat format) {
  if (format == ReportFormat::kJson) {
    Json json = made.provenance;
    json.set("bit_operations", bit_operations(made.report));
    json.set("float_bit_operations", float_bit_operations(made.report));
    return json.set("layers", report_to_json(made.report)).dump(2) + "\n";
  }
  std::string text =
      "layer,kind,bits,bytes,range,min,max,clipped,error_before,error_after,"
      "clip_below,clip_above\n";
  for (const LayerReport& entry : made.report) text += csv_line(entry);
  return text;
}

namespace {

double operations_at(const LayerPlan& layer, std::optional<Bits> bits) {
  constexpr double kFloat = 32.0;
  const double activations = bits ? bits->activations : kFloat;
  const double weights = bits && !layer.attention ? bits->weights : activations;
  return static_cast<double>(layer.macs) * weights * activations;
}

}  // namespace

double bit_operations(std::span<const LayerReport> report) {
  double sum = 0.0;
  for (const LayerReport& entry : report) sum += operations_at(entry.plan, entry.plan.bits);
  return sum;
}

double float_bit_operations(std::span<const LayerReport> report) {
  double sum = 0.0;
  for (const LayerReport& entry : report) sum += operations_at(entry.plan, std::nullopt);
  return sum;
}

std::string calibrated_on(const QuantizedModel& made) {
  return std::to_string(made.images) + (made.generated ? " generated images" : " images");
}

std::string summary_text(const QuantizeFacts& facts, const QuantizedModel& made) {
  const auto size = [](const std::filesystem::path& path) {
    return static_cast<std::int64_t>(std::filesystem::file_size(path));
  };
  const std::int64_t before = size(facts.source);
  const std::int64_t after = size(facts.output);
  const double operations = bit_operations(made.report);
  return facts.output.string() + ": " + byte_count(after) + ", " + ratio(after, before) + " of " +
         facts.source.string() + " (" + byte_count(before) + ")\n" + "  calibrated on  " +
         calibrated_on(made) + ", in " + fixed(facts.seconds, 1) + " s\n" + "  in float       " +
         kept_text(made) + "\n  bit operations " + with_prefix(operations) + ", " +
         fixed(operations / float_bit_operations(made.report), 3) + " of the float model's\n";
}

}  // namespace vitq::apps
