// SPDX-License-Identifier: Apache-2.0
// This file stands for the kernels on relaxed SIMD in a module that has none.
#include "core/wasm/relaxed_simd.h"

namespace vitq {

bool has_relaxed_simd() {
  return false;
}

}  // namespace vitq
