// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"
#include "kernels/onednn/onednn.h"

namespace vitq {
namespace {

// It knows the tiers below AMX, to which oneDNN need not be limited.
dnnl::cpu_isa onednn_isa(const CpuFeatures& features) {
  if (features.avx512_vnni) return dnnl::cpu_isa::avx512_core_vnni;
  if (features.avx512) return dnnl::cpu_isa::avx512_core;
  if (features.avx_vnni) return dnnl::cpu_isa::avx2_vnni;
  return features.avx2 ? dnnl::cpu_isa::avx2 : dnnl::cpu_isa::sse41;
}

}  // namespace

void limit_onednn() {
  if (!isa_is_limited() || cpu().amx_int8) return;
  // It fails where the process has used oneDNN before. Answers stay the same then, because weights
  // that are safe for the lower tier are safe for a higher one.
  static_cast<void>(dnnl::set_max_cpu_isa(onednn_isa(cpu())));
}

}  // namespace vitq
