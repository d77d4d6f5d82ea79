// SPDX-License-Identifier: Apache-2.0
// This file stands for the kernels on relaxed SIMD in a module that has none.
#include "core/wasm/relaxed_simd.h"
#include "kernels/wasm/tiers.h"

namespace vitq {

bool has_relaxed_simd() {
  return false;
}

const CodeGemm* relaxed_dot::table() {
  return nullptr;
}

}  // namespace vitq
