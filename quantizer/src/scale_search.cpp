// SPDX-License-Identifier: Apache-2.0
#include "scale_search.h"

namespace vitq {
namespace {

class Climb {
 public:
  Climb(Scales start, const ScaleSearch& search, const ScaleObjective& objective)
      : start_(start), search_(search), objective_(objective) {}

  // Moves one of the scales of `best` to its best candidate.
  void move(float Scales::*side, Found& best) const {
    for (int i = 0; i < search_.candidates; ++i) {
      Scales scales = best.scales;
      scales.*side = static_cast<float>(static_cast<double>(start_.*side) * factor(i));
      const double score = objective_.score(scales);
      if (score > best.score) {
        best.scales = scales;
        best.score = score;
      }
    }
  }

 private:
  double factor(int i) const {
    if (search_.candidates == 1) return search_.high;
    return search_.low + (search_.high - search_.low) * i / (search_.candidates - 1);
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
