// SPDX-License-Identifier: Apache-2.0
// What vit_quantize says of what it will do, and of what it has done.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "vitq/quantizer.h"

namespace vitq::apps {

// Layers with their bits and sizes, and the size of the whole file.
std::string plan_text(std::span<const LayerPlan> plan, const Weights& weights);

struct QuantizeFacts {
  std::filesystem::path source;
  std::filesystem::path output;
  std::string command;  // as a shell takes it
  std::int64_t images = 0;
  double seconds = 0.0;
};

enum class ReportFormat { kJson, kCsv, kHtml, kSvg };
// By the name's ending. Throws UsageError for any but .json, .csv, .html and .svg.
ReportFormat report_format(const std::filesystem::path& path);
// What programs read: JSON or CSV.
std::string report_text(const Quantized& made, ReportFormat format);

// "w7a8", of attentions "a8", or "float".
std::string bits_text(const LayerPlan& layer);
// "0.250", for sizes in bytes.
std::string ratio(std::int64_t bytes, std::int64_t of);
// What stays in float: "head, blocks.0.attn.qkv and 3 more". The attentions' products are not
// counted.
std::string kept_text(const Quantized& made);

// Multiply-accumulates of the layers and attentions times the bits of both operands; and with 32
// bits everywhere. Of the network as it is traced, all rows of it.
double bit_operations(std::span<const LayerReport> report);
double float_bit_operations(std::span<const LayerReport> report);

// The files' sizes, what stayed in float, and bit operations.
std::string summary_text(const QuantizeFacts& facts, const Quantized& made);

}  // namespace vitq::apps
