// SPDX-License-Identifier: Apache-2.0
// This is what vit_quantize says of what it will do, and of what it has done.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "vitq/quantize_model.h"

namespace vitq::apps {

// Lists layers with their bits and sizes, and the size of the whole file.
std::string plan_text(std::span<const LayerPlan> plan, const Weights& weights);

struct QuantizeFacts {
  std::filesystem::path source;
  std::filesystem::path output;
  std::string command;  // as a shell takes it
  double seconds = 0.0;
};

enum class ReportFormat { kJson, kCsv, kHtml, kSvg };
// The name's ending tells it. Throws UsageError for any but .json, .csv, .html and .svg.
ReportFormat report_format(const std::filesystem::path& path);
// Answers what programs read: JSON or CSV.
std::string report_text(const QuantizedModel& made, ReportFormat format);

// "w7a8", of attentions "a8", or "float"; "w4a4 (output tokens a8)" where those have more.
std::string bits_text(const LayerPlan& layer);
// "0.250", for sizes in bytes.
std::string ratio(std::int64_t bytes, std::int64_t of);
// Says what stays in float: "head, blocks.0.attn.qkv and 3 more". The attentions' products do not
// count.
std::string kept_text(const QuantizedModel& made);

// Bit operations are the multiply-accumulates of layers and attentions times the bits of both
// operands. The second counts 32 bits everywhere. Both are of the network as it is traced, with all
// its rows.
double bit_operations(std::span<const LayerReport> report);
double float_bit_operations(std::span<const LayerReport> report);

// "128 images", or "128 generated images".
std::string calibrated_on(const QuantizedModel& made);
// Tells the files' sizes, what stayed in float, and bit operations.
std::string summary_text(const QuantizeFacts& facts, const QuantizedModel& made);

}  // namespace vitq::apps
