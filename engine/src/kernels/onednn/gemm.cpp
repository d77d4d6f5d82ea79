// SPDX-License-Identifier: Apache-2.0
#include "vitq/gemm.h"

#include <algorithm>
#include <exception>

#include "core/one_thread.h"
#include "kernels/onednn/onednn.h"

namespace vitq {
namespace {

// A failure here means that oneDNN could not allocate its buffers.
void require(dnnl_status_t status) {
  if (status != dnnl_success) std::terminate();
}

}  // namespace

void gemm(const GemmShape& s, const float* a, const float* b, float* c) {
  if (s.m == 0 || s.n == 0) return;
  if (s.k == 0) {
    std::fill_n(c, s.m * s.n, 0.0F);
    return;
  }
  limit_onednn();
  const OneThread one_thread;
  require(dnnl_sgemm(s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N', s.m, s.n, s.k, 1.0F, a,
                     s.transpose_a ? s.m : s.k, b, s.transpose_b ? s.k : s.n, 0.0F, c, s.n));
}

}  // namespace vitq
