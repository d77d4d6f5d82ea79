// SPDX-License-Identifier: Apache-2.0
#include <cpuid.h>

#include <cstdint>

#include "core/cpu.h"

namespace vitq {
namespace {

struct Registers {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

// All registers are zero where the CPU does not know the leaf.
Registers cpuid(unsigned leaf, unsigned subleaf) {
  Registers r;
  if (__get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d) == 0) return {};
  return r;
}

bool bit(unsigned value, int index) {
  return ((value >> index) & 1U) != 0;
}

// XCR0 tells the register states that the operating system saves.
std::uint64_t saved_states() {
  constexpr int kOsxsave = 27;
  if (!bit(cpuid(1, 0).c, kOsxsave)) return 0;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32) | low;
}

bool contains(std::uint64_t states, std::uint64_t wanted) {
  return (states & wanted) == wanted;
}

}  // namespace

// Each tier has what the ones below it have, except that avx512 has no VNNI.
std::span<const Isa> isas() {
  static constexpr CpuFeatures kAvx512Vnni = {
      .avx2 = true, .avx512 = true, .avx_vnni = true, .avx512_vnni = true};
  static constexpr CpuFeatures kAmx = {
      .avx2 = true, .avx512 = true, .avx_vnni = true, .avx512_vnni = true, .amx_int8 = true};
  static constexpr Isa kIsas[] = {
      {"baseline", nullptr, {}},
      {"avx2", &CpuFeatures::avx2, {.avx2 = true}},
      {"avx_vnni", &CpuFeatures::avx_vnni, {.avx2 = true, .avx_vnni = true}},
      {"avx512", &CpuFeatures::avx512, {.avx2 = true, .avx512 = true}},
      {"avx512_vnni", &CpuFeatures::avx512_vnni, kAvx512Vnni},
      {"amx", &CpuFeatures::amx_int8, kAmx},
  };
  return kIsas;
}

CpuFeatures detected_cpu() {
  constexpr std::uint64_t kYmm = 0x6;
  constexpr std::uint64_t kZmm = 0xE6;
  constexpr std::uint64_t kTiles = 0x60000;
  const std::uint64_t states = saved_states();
  const Registers seven = cpuid(7, 0);
  const Registers seven_one = cpuid(7, 1);
  CpuFeatures f;
  f.avx2 = contains(states, kYmm) && bit(seven.b, 5) && bit(cpuid(1, 0).c, 12);
  f.avx512 = f.avx2 && contains(states, kZmm) && bit(seven.b, 16) && bit(seven.b, 17) &&
             bit(seven.b, 30) && bit(seven.b, 31);
  f.avx_vnni = f.avx2 && bit(seven_one.a, 4);
  f.avx512_vnni = f.avx512 && bit(seven.c, 11);
  f.amx_int8 = f.avx512 && contains(states, kTiles) && bit(seven.d, 24) && bit(seven.d, 25);
  return f;
}

void relax() {
  __builtin_ia32_pause();
}

}  // namespace vitq
