// SPDX-License-Identifier: Apache-2.0
// The only place that knows OpenMP's runtime.
#include "core/one_thread.h"

// The engine has no parallel region of OpenMP, so it is linked with its runtime, but not compiled
// for it.
#ifdef VITQ_OPENMP
#include <omp.h>
#endif

namespace vitq {

#ifdef VITQ_OPENMP

OneThread::OneThread() : before_(omp_get_max_threads()) {
  omp_set_num_threads(1);
}

OneThread::~OneThread() {
  omp_set_num_threads(before_);
}

#else

OneThread::OneThread() : before_(1) {}

OneThread::~OneThread() = default;

#endif

}  // namespace vitq
