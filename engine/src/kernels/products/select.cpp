// SPDX-License-Identifier: Apache-2.0
#include "kernels/products/tiers.h"

namespace vitq {

std::vector<const CodeProducts*> code_products(const CpuFeatures& features) {
  std::vector<const CodeProducts*> found;
  if (features.avx512_vnni) found.push_back(&quads_avx512_vnni::table());
  if (features.avx_vnni) found.push_back(&quads_avx_vnni::table());
  if (features.avx2) found.push_back(&pairs_avx2::table());
  found.push_back(&pairs_sse2::table());
  return found;
}

}  // namespace vitq
