// SPDX-License-Identifier: Apache-2.0
// Scores: what the quantization of one group of layers counts as. A new one is a file beside this
// one, its function here, and a line in list.cpp.
#pragma once

#include <memory>
#include <string_view>

#include "bits/judge.h"
#include "bits/sensitivity_runs.h"

namespace vitq {

// A group of layers, the float network's weights with the group's codes among them, and the group's
// part of the scheme.
struct QuantizedGroup {
  const Group& group;
  const Weights& weights;
  const Scheme& scheme;
};

class Score {
 public:
  Score() = default;
  Score(const Score&) = delete;
  Score& operator=(const Score&) = delete;
  virtual ~Score() = default;
  // Gives 0 if nothing has changed. `runs` has begun the group.
  virtual double loss(const SensitivityRuns& runs, const QuantizedGroup& quantized) = 0;
};

// The judge has to outlive the score.
std::unique_ptr<Score> make_measured(const Judge& judge);
std::unique_ptr<Score> make_nuclear_norm(const Judge& judge);
std::unique_ptr<Score> make_nuclear_norm_relative(const Judge& judge);

// Throws UnsupportedError if there is none of that name.
std::unique_ptr<Score> make_score(std::string_view name, const Judge& judge);

}  // namespace vitq
