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

enum class ReportFormat { kJson, kCsv };
// By the name's ending. Throws UsageError for any but .json and .csv.
ReportFormat report_format(const std::filesystem::path& path);
std::string report_text(const Quantized& made, ReportFormat format);

struct QuantizeFacts {
  std::filesystem::path source;
  std::filesystem::path output;
  std::int64_t images = 0;
  double seconds = 0.0;
};

// The files' sizes, and what stayed in float.
std::string summary_text(const QuantizeFacts& facts, const Quantized& made);

}  // namespace vitq::apps
