// SPDX-License-Identifier: Apache-2.0
// What the CPU and the operating system offer, found once, and how far the environment variable
// VITQ_ISA lowers it. core/x86 looks for the instructions; other processors have none of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vitq {

// Tiers of instruction sets, in rising order of what is preferred. Each has what the ones below it
// have, except that kAvx512 has no VNNI.
enum class Isa : std::uint8_t { kBaseline, kAvx2, kAvxVnni, kAvx512, kAvx512Vnni, kAmx };

struct CpuFeatures {
  bool avx2 = false;
  bool avx512 = false;  // F, BW, DQ and VL
  bool avx_vnni = false;
  bool avx512_vnni = false;
  bool amx_int8 = false;  // present and its state saved by the operating system

  // Whether u8 x s8 products are summed in 32 bits, without saturation between.
  bool exact_u8s8() const { return avx_vnni || avx512_vnni || amx_int8; }
};

// What the hardware has and the operating system saves.
CpuFeatures detected_cpu();

// The highest tier up to `limit` that `features` can run.
Isa best_isa(const CpuFeatures& features, Isa limit = Isa::kAmx);

// What `features` and the tier best_isa(features, isa) have in common, so that the paths of older
// CPUs can be tested anywhere.
CpuFeatures limited(const CpuFeatures& features, Isa isa);

// "baseline", "avx2", "avx_vnni", "avx512", "avx512_vnni", "amx".
std::string_view isa_name(Isa isa);
// The tier of that name. Throws IsaError for anything else.
Isa parse_isa(std::string_view name);

// detected_cpu() lowered by VITQ_ISA, if that is set and not empty. Throws as parse_isa does.
CpuFeatures allowed_cpu();

// allowed_cpu() of the first call that did not throw; later changes of the variable have no effect.
// A Session calls it at construction, so that its caller sees the error.
const CpuFeatures& cpu();
// The tier that cpu() was lowered to, or nothing if VITQ_ISA lowered nothing.
std::optional<Isa> isa_limit();

// The name of the highest tier, for reports; AMX, which does not stand alone, is told as
// "avx512_vnni+amx".
std::string isa_name(const CpuFeatures& features);
std::string isa_name();  // of cpu()

}  // namespace vitq
