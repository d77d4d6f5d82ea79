// SPDX-License-Identifier: Apache-2.0
// The search for bits of each layer within a budget.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "vitq/budget.h"
#include "vitq/model_info.h"

namespace vitq {

// What is quantized. The options have the rules that the search leaves alone.
struct SearchInputs {
  const Network& network;
  const CalibrationSet& calibration;
  const Recipe& recipe;
  const QuantizeOptions& options;
  std::filesystem::path model;
};

// They are read from budget.stats_in, or measured and then kept in budget.stats_out. Losses that
// were measured are fitted here (fit_losses); a file keeps them as they were. Throws FileError if
// the file was measured from other inputs.
Sensitivities sensitivities(const BitBudget& budget, const SearchInputs& inputs);

// About how many bytes of a file are not those layers': what the search cannot change.
std::int64_t rest_bytes(const Sensitivities& found, const SearchInputs& inputs,
                        const ModelInfo& info);

// Adds these rules to those of the options.
QuantizeOptions with_rules(QuantizeOptions options, const std::vector<LayerRule>& rules);

struct BitsChoice {
  std::vector<LayerRule> rules;  // one for each layer
  TradeOff trade_off;
  std::string note;  // what it is expected to lose
};

// Answers the assignment of least loss within the budget. With a budget of activations beside it,
// the assignment is the best of all that have no more of either than it has (vitq/pareto.h). `rest`
// are the bytes of the file that the search cannot change. Throws BudgetError if no assignment
// keeps the budget.
BitsChoice choose_bits(const BitBudget& budget, const SearchInputs& inputs,
                       const Sensitivities& found, std::int64_t rest);

}  // namespace vitq
