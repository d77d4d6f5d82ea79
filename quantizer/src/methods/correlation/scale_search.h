// SPDX-License-Identifier: Apache-2.0
// The paper's search of two scales (arXiv:2106.14156, algorithm 1): in turn, one is fixed while all
// candidates of the other are tried.
#pragma once

#include <functional>

namespace vitq {

struct Scales {
  float first = 0.0F;   // of the weights, of the queries or of the probabilities
  float second = 0.0F;  // of the inputs, of the keys or of the values

  friend bool operator==(const Scales&, const Scales&) = default;
};

struct ScaleSearch {
  int candidates = 24;  // for each scale in a round, evenly from `low` to `high` times its start
  int rounds = 4;       // at most; the search ends when a round gains nothing
  double low = 0.5;
  double high = 1.2;
  int threads = 1;  // which try candidates; the result does not depend on how many
};

struct ScaleObjective {
  std::function<double(Scales)> score;  // greater is better; called from several threads at once
  // Called after every round with the scales it found. It may change what `score` says, as a
  // correction of the bias does. May be empty.
  std::function<void(Scales)> correct = {};
};

struct Found {
  Scales scales;
  double score = 0.0;
  double start_score = 0.0;
  int rounds = 0;
};

// The best pair at the end of a round, or `start` if none is better. Of candidates with equal
// scores the first wins.
Found search_scales(Scales start, const ScaleSearch& search, const ScaleObjective& objective);

}  // namespace vitq
