// SPDX-License-Identifier: Apache-2.0
// The only place that knows OpenMP's runtime. The engine has no parallel region of OpenMP, so it is
// linked with that runtime, but not compiled for it.
#include "core/one_thread.h"

#ifdef VITQ_OPENMP
#include <omp.h>
#endif

namespace vitq {
namespace {

#ifdef VITQ_OPENMP
int max_threads() {
  return omp_get_max_threads();
}
void set_threads(int threads) {
  omp_set_num_threads(threads);
}
#else
int max_threads() {
  return 1;
}
void set_threads(int) {}
#endif

}  // namespace

OneThread::OneThread() : before_(max_threads()) {
  set_threads(1);
}

OneThread::~OneThread() {
  set_threads(before_);
}

}  // namespace vitq
