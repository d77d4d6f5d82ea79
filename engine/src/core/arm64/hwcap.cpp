// SPDX-License-Identifier: Apache-2.0
// Linux and Android tell which instructions an ARM64 CPU has. All of its cores have them.
#include <asm/hwcap.h>
#include <sys/auxv.h>

#include "core/cpu.h"

namespace vitq {

std::span<const Isa> isas() {
  static constexpr Isa kIsas[] = {
      {"neon", nullptr, {}},
      {"dotprod", &CpuFeatures::dotprod, {.dotprod = true}},
      {"i8mm", &CpuFeatures::i8mm, {.dotprod = true, .i8mm = true}},
  };
  return kIsas;
}

CpuFeatures detected_cpu() {
  CpuFeatures f;
  f.dotprod = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  f.i8mm = f.dotprod && (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
  return f;
}

// `yield` does nothing on most cores; `isb` takes about as long as x86's pause.
void relax() {
  asm volatile("isb" ::: "memory");
}

}  // namespace vitq
