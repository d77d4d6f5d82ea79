// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"
#include "kernels/onednn/onednn.h"

namespace vitq {
namespace {

// It knows the tiers below kAmx, to which oneDNN need not be limited.
dnnl::cpu_isa onednn_isa(Isa isa) {
  switch (isa) {
    case Isa::kAvx2: return dnnl::cpu_isa::avx2;
    case Isa::kAvxVnni: return dnnl::cpu_isa::avx2_vnni;
    case Isa::kAvx512: return dnnl::cpu_isa::avx512_core;
    case Isa::kAvx512Vnni: return dnnl::cpu_isa::avx512_core_vnni;
    default: return dnnl::cpu_isa::sse41;
  }
}

}  // namespace

void limit_onednn() {
  const std::optional<Isa> limit = isa_limit();
  if (!limit || *limit == Isa::kAmx) return;
  // It fails where the process has used oneDNN before. Answers stay the same then, because weights
  // that are safe for the lower tier are safe for a higher one.
  static_cast<void>(dnnl::set_max_cpu_isa(onednn_isa(*limit)));
}

}  // namespace vitq
