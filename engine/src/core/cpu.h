// SPDX-License-Identifier: Apache-2.0
// This header tells what the CPU and the operating system offer, and how far the environment
// variable VITQ_ISA lowers it. core/x86 looks for the instructions; other processors have none of
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vitq {

// Tiers of instruction sets stand in rising order of what is preferred. Each has what the ones
// below it have, except that kAvx512 has no VNNI.
enum class Isa : std::uint8_t { kBaseline, kAvx2, kAvxVnni, kAvx512, kAvx512Vnni, kAmx };

struct CpuFeatures {
  bool avx2 = false;    // with FMA
  bool avx512 = false;  // F, BW, DQ and VL
  bool avx_vnni = false;
  bool avx512_vnni = false;
  bool amx_int8 = false;  // present and its state saved by the operating system

  // Where this holds, u8 x s8 products are summed in 32 bits, without saturation between.
  bool exact_u8s8() const { return avx_vnni || avx512_vnni || amx_int8; }
};

// It returns what the hardware has and the operating system saves.
CpuFeatures detected_cpu();

// It returns the highest tier up to `limit` that `features` can run.
Isa best_isa(const CpuFeatures& features, Isa limit = Isa::kAmx);

// It returns what `features` and the tier best_isa(features, isa) have in common. So the paths of
// older CPUs can be tested anywhere.
CpuFeatures limited(const CpuFeatures& features, Isa isa);

// The names are baseline, avx2, avx_vnni, avx512, avx512_vnni and amx.
std::string_view isa_name(Isa isa);
// It returns the tier of that name and throws IsaError for anything else.
Isa parse_isa(std::string_view name);

// VITQ_ISA lowers detected_cpu() if it is set and not empty. The call throws as parse_isa does.
CpuFeatures allowed_cpu();

// This is allowed_cpu() of the first call that did not throw; later changes have no effect.
// A Session calls it at construction, so that its caller sees the error.
const CpuFeatures& cpu();
// It returns the tier that VITQ_ISA lowered cpu() to, or nothing if the variable is not set.
std::optional<Isa> isa_limit();

// Reports call the highest tier by its name. AMX, which does not stand alone, is told as
// "avx512_vnni+amx".
std::string isa_name(const CpuFeatures& features);
std::string isa_name();  // of cpu()

// It tells the processor that this thread spins, so that its sibling gets the core's units.
void relax();

}  // namespace vitq
