// SPDX-License-Identifier: Apache-2.0
#include "methods/correlation/scale_search.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/parallel.h"

namespace vitq {
namespace {

class Climb {
 public:
  Climb(Scales start, const ScaleSearch& search, const ScaleObjective& objective)
      : start_(start), search_(search), objective_(objective) {}

  // Moves one of the scales of `best` to its best candidate.
  void move(float Scales::*side, Found& best) const {
    std::vector<Scales> tried(static_cast<std::size_t>(search_.candidates), best.scales);
    std::vector<double> scores(tried.size());
    parallel_for(search_.threads, search_.candidates, [&](std::int64_t i) {
      const auto c = static_cast<std::size_t>(i);
      tried[c].*side = static_cast<float>(static_cast<double>(start_.*side) * factor(i));
      scores[c] = objective_.score(tried[c]);
    });
    for (std::size_t c = 0; c < tried.size(); ++c) {
      if (!(scores[c] > best.score)) continue;
      best.scales = tried[c];
      best.score = scores[c];
    }
  }

 private:
  double factor(std::int64_t i) const {
    if (search_.candidates == 1) return search_.high;
    return search_.low + (search_.high - search_.low) * static_cast<double>(i) /
                             static_cast<double>(search_.candidates - 1);
  }

  Scales start_;
  const ScaleSearch& search_;
  const ScaleObjective& objective_;
};

}  // namespace

Found search_scales(Scales start, const ScaleSearch& search, const ScaleObjective& objective) {
  constexpr double kGain = 1e-7;
  const Climb climb(start, search, objective);
  Found best = {.scales = start, .score = objective.score(start)};
  best.start_score = best.score;
  for (int round = 1; round <= search.rounds; ++round) {
    Found now = best;
    climb.move(&Scales::first, now);
    climb.move(&Scales::second, now);
    now.rounds = round;
    if (objective.correct) {
      objective.correct(now.scales);
      now.score = objective.score(now.scales);
    }
    const double gain = now.score - best.score;
    if (gain > 0.0) best = now;
    if (!(gain > kGain)) break;
  }
  return best;
}

}  // namespace vitq
