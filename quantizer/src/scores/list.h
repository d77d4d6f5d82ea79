// SPDX-License-Identifier: Apache-2.0
// What the quantization of one group of layers counts as. To add a score: a file beside this one,
// its function here and a line in the list.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "judge.h"
#include "sensitivity_runs.h"

namespace vitq {

// The float network's weights with the codes of one group in their place, and its part of the
// scheme.
struct Trial {
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
  // 0: nothing has changed. `trials` has begun the group.
  virtual double loss(const SensitivityRuns& trials, const Trial& trial) = 0;
};

// The judge outlives the score.
std::unique_ptr<Score> make_measured(const Judge& judge);
std::unique_ptr<Score> make_nuclear_norm(const Judge& judge);
std::unique_ptr<Score> make_nuclear_norm_relative(const Judge& judge);

struct ScoreEntry {
  std::string_view name;
  std::unique_ptr<Score> (*make)(const Judge& judge);
};
std::span<const ScoreEntry> scores();

// Throws UnsupportedError if there is none of that name.
std::unique_ptr<Score> make_score(std::string_view name, const Judge& judge);

}  // namespace vitq
