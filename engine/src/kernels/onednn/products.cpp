// SPDX-License-Identifier: Apache-2.0
// Products of code matrices by oneDNN's plain matrix functions.
#include "kernels/products.h"

#include <algorithm>
#include <exception>
#include <oneapi/dnnl/dnnl.hpp>

#include "core/parallel.h"
#include "vitq/gemm.h"

namespace vitq {
namespace {

// A failure here means that oneDNN could not allocate its buffers.
void require(dnnl_status_t status) {
  if (status != dnnl_success) std::terminate();
}

}  // namespace

void gemm(const GemmShape& s, const float* a, const float* b, float* c, bool accumulate) {
  const OneThread one_thread;
  require(dnnl_sgemm(s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N', s.m, s.n, s.k, 1.0F, a,
                     s.transpose_a ? s.m : s.k, b, s.transpose_b ? s.k : s.n,
                     accumulate ? 1.0F : 0.0F, c, s.n));
}

void multiply_vnni(const ProductShape& s, const std::uint8_t* a, const std::int8_t* b,
                   std::int32_t* c) {
  const std::int32_t no_offset = 0;
  require(dnnl_gemm_u8s8s32('N', s.transpose_b ? 'T' : 'N', 'F', s.m, s.n, s.k, 1.0F, a, s.k, 0, b,
                            s.transpose_b ? s.k : s.n, 0, 0.0F, c, s.n, &no_offset));
}

void multiply_floats(const ProductShape& s, const float* a, const float* b, std::int32_t* c) {
  constexpr std::int64_t kExact = (std::int64_t{1} << 24) / (255 * 127);  // terms of a sum
  auto* sums = reinterpret_cast<float*>(c);
  const std::int64_t elements = s.m * s.n;
  if (s.k <= kExact) {
    require(dnnl_sgemm('N', s.transpose_b ? 'T' : 'N', s.m, s.n, s.k, 1.0F, a, s.k, b,
                       s.transpose_b ? s.k : s.n, 0.0F, sums, s.n));
    for (std::int64_t i = 0; i < elements; ++i) c[i] = static_cast<std::int32_t>(sums[i]);
    return;
  }
  // Row by row, so that the piece's sums fit a small buffer.
  constexpr std::int64_t kColumns = 256;
  float piece[kColumns];
  for (std::int64_t row = 0; row < s.m; ++row) {
    for (std::int64_t column = 0; column < s.n; column += kColumns) {
      const std::int64_t width = std::min(kColumns, s.n - column);
      std::int32_t* out = c + row * s.n + column;
      std::fill(out, out + width, 0);
      for (std::int64_t k = 0; k < s.k; k += kExact) {
        const std::int64_t depth = std::min(kExact, s.k - k);
        const float* right = s.transpose_b ? b + column * s.k + k : b + k * s.n + column;
        require(dnnl_sgemm('N', s.transpose_b ? 'T' : 'N', 1, width, depth, 1.0F, a + row * s.k + k,
                           s.k, right, s.transpose_b ? s.k : s.n, 0.0F, piece, width));
        for (std::int64_t i = 0; i < width; ++i) out[i] += static_cast<std::int32_t>(piece[i]);
      }
    }
  }
}

}  // namespace vitq
