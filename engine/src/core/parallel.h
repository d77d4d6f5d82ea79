// SPDX-License-Identifier: Apache-2.0
// Loops that a team shares, and the only place that knows OpenMP's runtime, which oneDNN uses.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/team.h"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace vitq {

// Calls body(chunk, begin, end) for parts of [0, count), equal but for one, at most one per thread.
// The body must not throw. Calls do not nest.
template <typename Body>
void parallel_chunks(Team& team, std::int64_t count, const Body& body) {
  const std::int64_t chunks = std::min<std::int64_t>(count, team.threads());
  team.run(chunks, [&](std::int64_t chunk) {
    body(chunk, count * chunk / chunks, count * (chunk + 1) / chunks);
  });
}

// Calls body(i) for every i in [0, count).
template <typename Body>
void parallel_for(Team& team, std::int64_t count, const Body& body) {
  parallel_chunks(team, count, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i);
  });
}

// While it lives, OpenMP, and with it oneDNN, uses one thread in parallel regions of the calling
// thread. What oneDNN computes is shared out before (kernels/onednn), so that no barrier of OpenMP
// is ever waited at.
class OneThread {
 public:
  OneThread() { set(1); }
  ~OneThread() { set(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  static void set([[maybe_unused]] int threads) {
#ifdef _OPENMP
    omp_set_num_threads(threads);
#endif
  }
#ifdef _OPENMP
  int before_ = omp_get_max_threads();
#else
  int before_ = 1;
#endif
};

}  // namespace vitq
