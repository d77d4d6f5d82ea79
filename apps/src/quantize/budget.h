// SPDX-License-Identifier: Apache-2.0
// A budget decides the bits of each layer: this is how a user states it, and the search.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quantize/html_report.h"
#include "vitq/model.h"
#include "vitq/sensitivity.h"

namespace CLI {
class App;
}

namespace vitq::apps {

// At most one of the four is stated.
struct BudgetJob {
  std::optional<double> megabytes;     // 10^6 bytes, of the whole file
  std::optional<double> mean_bits;     // of the weights
  std::optional<double> milliseconds;  // of one image, on one thread of this CPU
  std::optional<double> max_drop;      // KL on the judging images; the smallest file that keeps it
  std::optional<double> mean_activation_bits;  // beside one of the first three
  SearchSpace space;
  bool unjudged = false;  // whether the same bits everywhere may not be taken instead
  std::filesystem::path stats_in;
  std::filesystem::path stats_out;

  bool stated() const { return megabytes || mean_bits || milliseconds || max_drop; }
};

void declare(CLI::App& app, BudgetJob& job);
// Throws UsageError for options that do not go together.
void require_sense(const BudgetJob& job);

// This is what is quantized. The options have the rules that the search leaves alone.
struct SearchInputs {
  const Network& network;
  const CalibrationSet& calibration;
  const Recipe& recipe;
  const QuantizeOptions& options;
  std::filesystem::path model;
};

// They are read from job.stats_in, or measured and then kept in job.stats_out. Throws FileError if
// the file was measured from other inputs.
Sensitivities sensitivities(const BudgetJob& job, const SearchInputs& inputs, Overwrite overwrite);

// Answers about how many bytes of a file are not those layers'. The search cannot change them.
std::int64_t rest_bytes(const Sensitivities& found, const SearchInputs& inputs,
                        const ModelInfo& info);

struct BitsChoice {
  std::vector<LayerRule> rules;  // one for each layer
  TradeOff trade_off;
  std::string note;  // what the judging images found
};

// Chooses the assignment of least loss within the budget, or within both. Where one of fewer bits
// would keep to that of activations as well, it is the best with no more than that one has. If the
// job is to be judged, the same bits everywhere are chosen instead where the judging images find
// those better. `rest` is the bytes of the file that the search cannot change. Throws UsageError if
// no assignment keeps the budget.
BitsChoice choose_bits(const BudgetJob& job, const SearchInputs& inputs, const Sensitivities& found,
                       std::int64_t rest);

}  // namespace vitq::apps
