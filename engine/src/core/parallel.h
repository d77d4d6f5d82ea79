// SPDX-License-Identifier: Apache-2.0
// The only place that matches OpenMP.
#pragma once

#include <cstdint>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace vitq {

// Calls body(i) for every i in [0, count), split statically over `threads` threads. The body must
// not throw. Calls do not nest.
template <typename Body>
void parallel_for([[maybe_unused]] int threads, std::int64_t count, const Body& body) {
#ifdef _OPENMP
  if (threads > 1 && count > 1) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
#endif
  for (std::int64_t i = 0; i < count; ++i) body(i);
}

// Calls body(chunk, begin, end) for parts of [0, count), equal but for one, at most one per thread.
template <typename Body>
void parallel_chunks(int threads, std::int64_t count, const Body& body) {
  const std::int64_t chunks = count < threads ? count : threads;
  parallel_for(threads, chunks, [&](std::int64_t chunk) {
    body(chunk, count * chunk / chunks, count * (chunk + 1) / chunks);
  });
}

// While it lives, OpenMP, and with it oneDNN, uses so many threads in parallel regions of the
// calling thread.
class ThreadCount {
 public:
  explicit ThreadCount(int threads) { set(threads); }
  ~ThreadCount() { set(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

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
