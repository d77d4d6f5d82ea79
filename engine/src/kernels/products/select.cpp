// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"
#include "kernels/products/tiers.h"

namespace vitq {

const CodeProducts& code_products(const CpuFeatures& features) {
  if (features.avx512_vnni) return quads_avx512_vnni::table();
  if (features.avx_vnni) return quads_avx_vnni::table();
  return features.avx2 ? pairs_avx2::table() : pairs_sse2::table();
}

}  // namespace vitq
