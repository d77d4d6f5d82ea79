// SPDX-License-Identifier: Apache-2.0
// What vit_quantize does.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "budget.h"
#include "calibration_images.h"
#include "vitq/quantizer.h"

namespace vitq::apps {

struct QuantizeJob {
  std::filesystem::path model;
  std::filesystem::path output;
  std::filesystem::path policy;
  std::filesystem::path report;
  std::string command;  // for the record
  std::string recipe = "default";
  CalibrationJob calibration;
  Bits bits;
  BudgetJob budget;
  std::vector<LayerRule> rules;  // of the command line, after those of the policy
  std::int64_t memory = 2048;    // MiB
  int threads = 1;
  bool dry_run = false;
  bool print_recipe = false;
  Overwrite overwrite = Overwrite::kNo;
};

// Reading the rules of a command line throws UsageError.
void declare(CLI::App& app, QuantizeJob& job);
// Answers the exit code. Throws UsageError for options that do not go together, and what reading
// the model, calibrating and writing throw. Nothing is written unless all has gone well.
int run(const QuantizeJob& job);

}  // namespace vitq::apps
