// SPDX-License-Identifier: Apache-2.0
// This header tells what the CPU and the operating system offer, and how far the environment
// variable VITQ_ISA lowers it. core/x86, core/arm64 and core/wasm know the instructions of their
// processors; core/portable stands for all others, of which none are used.
#pragma once

#include <span>
#include <string_view>

namespace vitq {

// All that kernels may ask for beyond what every CPU of its architecture has.
struct CpuFeatures {
  // x86
  bool avx2 = false;    // with FMA
  bool avx512 = false;  // F, BW, DQ and VL
  bool avx_vnni = false;
  bool avx512_vnni = false;
  bool amx_int8 = false;  // present and its state saved by the operating system
  // ARM64
  bool dotprod = false;  // sdot and udot
  bool i8mm = false;     // usdot, smmla and usmmla
  // WebAssembly
  bool relaxed_simd = false;

  // Where this holds, u8 x s8 products are summed in 32 bits, without saturation between.
  bool exact_u8s8() const { return avx_vnni || avx512_vnni || amx_int8; }
};

// A tier of instruction sets, which VITQ_ISA names.
struct Isa {
  std::string_view name;
  bool CpuFeatures::*needs;  // nullptr where every CPU of the architecture has it
  CpuFeatures allows;        // its kernels may use these, as far as the CPU has them
};

// The tiers of this processor stand in rising order of what is preferred. Any CPU has the first.
std::span<const Isa> isas();

// It returns what the hardware has and the operating system saves.
CpuFeatures detected_cpu();

// It returns the highest of isas() up to `limit`, one of them, that `features` can run.
const Isa& best_isa(const CpuFeatures& features, const Isa& limit = isas().back());

// It returns what `features` and the tier best_isa(features, isa) have in common. So the paths of
// older CPUs can be tested anywhere.
CpuFeatures limited(const CpuFeatures& features, const Isa& isa);

// It returns the one of isas() that has this name, and throws IsaError for anything else.
const Isa& parse_isa(std::string_view name);

// VITQ_ISA lowers detected_cpu() if it is set and not empty. The call throws as parse_isa does.
CpuFeatures allowed_cpu();

// This is allowed_cpu() of the first call that did not throw; later changes have no effect.
// A Session calls it at construction, so that its caller sees the error.
const CpuFeatures& cpu();
// It tells whether VITQ_ISA was set when cpu() was found.
bool isa_is_limited();

// It tells the processor that this thread spins, so that its sibling gets the core's units.
void relax();

}  // namespace vitq
