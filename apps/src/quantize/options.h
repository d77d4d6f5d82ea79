// SPDX-License-Identifier: Apache-2.0
// These are the options of vit_quantize, and the check that they go together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quantize/budget.h"
#include "vitq/image.h"
#include "vitq/quantizer.h"
#include "vitq/recipe.h"

namespace vitq::apps {

struct QuantizeJob {
  std::filesystem::path model;
  std::filesystem::path output;
  std::filesystem::path policy;
  std::filesystem::path report;
  std::string command;  // for the record
  std::string recipe = "default";
  std::filesystem::path calibration;  // a folder, or a list of files
  ImageLimits image_limits;
  std::size_t limit = 128;            // at most so many of its images
  std::optional<std::uint64_t> seed;  // draws them at random; otherwise they are spread evenly
  std::optional<int> weight_bits, activation_bits;  // none: the recipe's
  BitBudget budget;
  std::vector<LayerRule> rules;  // of the command line, after those of the policy
  std::int64_t memory = 2048;    // MiB
  int threads = 1;
  bool keep_going = false;
  bool integer_only = false;
  bool dry_run = false;
  bool print_recipe = false;
  Overwrite overwrite = Overwrite::kNo;
};

// Reading the rules of a command line throws UsageError.
void declare(CLI::App& app, QuantizeJob& job);

// Throws UsageError for options that do not go together, FileError for outputs that cannot be
// written.
void require_sense(const QuantizeJob& job);

// Answers the recipe of that name, or of a JSON file. Throws UsageError naming those that there
// are.
Recipe find_recipe(const std::string& name);

}  // namespace vitq::apps
