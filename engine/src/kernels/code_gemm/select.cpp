// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"
#include "kernels/code_gemm/tiers.h"

namespace vitq {

const CodeGemm& code_gemm(const CpuFeatures& features) {
  if (features.avx512_vnni) return dpbusd_avx512::table();
  if (features.avx_vnni) return dpbusd_avx::table();
  return features.avx2 ? maddwd_avx2::table() : maddwd_sse2::table();
}

}  // namespace vitq
