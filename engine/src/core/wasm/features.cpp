// SPDX-License-Identifier: Apache-2.0
// An engine refuses a module with an instruction that it does not know. So relaxed SIMD is a module
// of its own, which is asked for where it can be made.
#include "core/cpu.h"
#include "core/wasm/relaxed_simd.h"

namespace vitq {

std::span<const Isa> isas() {
  static constexpr Isa kIsas[] = {
      {"simd128", nullptr, {}},
      {"relaxed_simd", &CpuFeatures::relaxed_simd, {.relaxed_simd = true}},
  };
  return kIsas;
}

CpuFeatures detected_cpu() {
  CpuFeatures f;
  f.relaxed_simd = vitq_relaxed_works() != 0;
  return f;
}

// There is no such instruction.
void relax() {}

}  // namespace vitq
