// SPDX-License-Identifier: Apache-2.0
#include "kernels/select.h"

#include <limits>

#include "kernels/x86/tiers.h"

namespace vitq {

const RowKernels& row_kernels(const CpuFeatures& features) {
  if (features.avx512) return rows_avx512::table();
  return features.avx2 ? rows_avx2::table() : baseline_row_kernels();
}

const VitqKernels& integer_only_kernels(const CpuFeatures& features) {
  if (features.avx512) return *vitq_kernels_avx512();
  return features.avx2 ? *vitq_kernels_avx2() : *vitq_kernels_baseline();
}

const CodeGemm& code_gemm(const CpuFeatures& features, std::int32_t largest_product) {
  if (features.avx512_vnni) return dpbusd_avx512::table();
  if (features.avx_vnni) return dpbusd_avx::table();
  if (!features.avx2) return maddwd_sse2::table();
  const bool pairs_fit = 2 * largest_product <= std::numeric_limits<std::int16_t>::max();
  return pairs_fit ? maddubs_avx2::table() : maddwd_avx2::table();
}

const WideCodeGemm* wide_code_gemm(const CpuFeatures& features) {
  if (features.avx512_vnni) return &dpwssd_avx512::wide_table();
  if (features.avx_vnni) return &dpwssd_avx::wide_table();
  return features.avx2 ? &maddwd_avx2::wide_table() : &maddwd_sse2::wide_table();
}

const FloatGemm& float_gemm(const CpuFeatures& features) {
  if (features.avx512) return float_avx512::table();
  return features.avx2 ? float_avx2::table() : portable_float_gemm();
}

}  // namespace vitq
