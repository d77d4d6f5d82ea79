// SPDX-License-Identifier: Apache-2.0
// What the CPU and the operating system offer, found once, and how far the environment variable
// VITQ_ISA (baseline, avx2 or avx512) lowers it. x86-64 only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vitq {

// Tiers that the project's own kernels are compiled for, in rising order.
enum class Isa : std::uint8_t { kBaseline, kAvx2, kAvx512 };

struct CpuFeatures {
  bool avx2 = false;
  bool avx512 = false;  // F, BW, DQ and VL
  bool avx_vnni = false;
  bool avx512_vnni = false;
  bool amx_int8 = false;  // present and its state saved by the operating system
  // u8 x s8 products summed in 32 bits without saturation between: any VNNI or amx_int8.
  bool exact_u8s8 = false;
};

// What the hardware has and the operating system saves.
CpuFeatures detected_cpu();

// `features` without what lies above `isa`. VNNI and AMX count as parts of kAvx512, so that the
// paths of CPUs without them can be tested anywhere.
CpuFeatures limited(CpuFeatures features, Isa isa);

// The highest tier that `features` can run.
Isa best_isa(const CpuFeatures& features);

// "baseline", "avx2", "avx512". Throws UnsupportedError naming these three for anything else.
Isa parse_isa(std::string_view name);

// detected_cpu() lowered by VITQ_ISA, if that is set and not empty. Throws as parse_isa does.
CpuFeatures allowed_cpu();

// allowed_cpu() of the first call that did not throw; later changes of the variable have no effect.
// A Session calls it at construction, so that its caller sees the error.
const CpuFeatures& cpu();

// For reports: "baseline", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_vnni+amx".
std::string isa_name(const CpuFeatures& features);
std::string isa_name();  // of cpu()

}  // namespace vitq
