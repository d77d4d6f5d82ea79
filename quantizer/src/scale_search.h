// SPDX-License-Identifier: Apache-2.0
// The paper's search of two scales at once (arXiv:2106.14156, algorithm 1): one is fixed while all
// candidates of the other are tried, in turn.
#pragma once

#include <functional>

namespace vitq {

struct Scales {
  float first = 0.0F;   // of the weights; of Q; of the softmax
  float second = 0.0F;  // of the activations; of K; of V

  friend bool operator==(const Scales&, const Scales&) = default;
};

struct ScaleSearch {
  int candidates = 24;  // of each scale in each round, evenly from low to high times its start
  int rounds = 4;       // at most; the search ends when a round gains nothing
  double low = 0.5;
  double high = 1.2;
  int threads = 1;  // that try candidates; the result does not depend on it
};

struct ScaleObjective {
  std::function<double(Scales)> score;  // greater is better; called from several threads at once
  // Called after every round with the scales it found; may change what `score` says (bias
  // correction). May be empty.
  std::function<void(Scales)> correct = {};
};

struct Found {
  Scales scales;
  double score = 0.0;
  double start_score = 0.0;
  int rounds = 0;
};

// The best pair seen at the end of a round, or `start`: never worse than the start. Candidates of
// equal score: the first wins.
Found search_scales(Scales start, const ScaleSearch& search, const ScaleObjective& objective);

}  // namespace vitq
