// SPDX-License-Identifier: Apache-2.0
// WebAssembly has nothing to ask: an engine refuses a module with an instruction that it does not
// know. So there is a module with relaxed SIMD and one without, and the host chooses.
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
  f.relaxed_simd = has_relaxed_simd();
  return f;
}

// There is no such instruction.
void relax() {}

}  // namespace vitq
