// SPDX-License-Identifier: Apache-2.0
// Bits may be chosen for each layer within a budget. This header says what is asked for, and what
// was traded for it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vitq/error.h"
#include "vitq/sensitivity.h"

namespace vitq {

// Exactly one of the first four is stated.
struct BitBudget {
  std::optional<double> megabytes = {};     // 10^6 bytes, of the whole file
  std::optional<double> mean_bits = {};     // of the weights
  std::optional<double> milliseconds = {};  // of one image, on one thread of this CPU
  std::optional<double> max_drop = {};      // Network::loss on judging images: the smallest file
  std::optional<double> mean_activation_bits = {};  // beside one of the first three
  SearchSpace space = {};
  std::filesystem::path stats_in = {};   // what an earlier search has measured; empty: measure
  std::filesystem::path stats_out = {};  // where to keep what is measured; empty: nowhere
  Overwrite overwrite_stats = Overwrite::kNo;

  bool stated() const { return megabytes || mean_bits || milliseconds || max_drop; }
};

// No assignment of bits keeps to the budget. The message says what the least is.
class BudgetError : public Error {
 public:
  using Error::Error;
};

// It says how size, or time, was traded for accuracy when bits were chosen. The losses are those of
// the answers from the float network's, or whatever else `loss_axis` says.
struct TradeOff {
  struct Point {
    std::string label;
    double cost;  // bytes or nanoseconds: a millionth of the unit
    double loss;
  };
  std::vector<Point> front;    // the best there is at each size
  std::vector<Point> uniform;  // all layers at the same bits
  Point chosen;
  struct Bar {
    std::string layer;
    int bits;
    double loss;
  };
  std::vector<Bar> sensitivities;  // one layer alone at those bits
  std::string loss = "KL";         // "relative error" of features and values
  std::string loss_axis = "KL from the float model";
  std::string cost = "size of the file";
  std::string unit = "MB";
};

}  // namespace vitq
