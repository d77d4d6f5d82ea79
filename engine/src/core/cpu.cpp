// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"

#include <cpuid.h>

#include <cstdlib>

#include "core/text.h"
#include "vitq/error.h"

namespace vitq {
namespace {

struct Registers {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

// All zero where the CPU does not know the leaf.
Registers cpuid(unsigned leaf, unsigned subleaf) {
  Registers r;
  if (__get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d) == 0) return {};
  return r;
}

bool bit(unsigned value, int index) {
  return ((value >> index) & 1U) != 0;
}

// XCR0: the register states that the operating system saves.
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

CpuFeatures detected_cpu() {
  constexpr std::uint64_t kYmm = 0x6;
  constexpr std::uint64_t kZmm = 0xE6;
  constexpr std::uint64_t kTiles = 0x60000;
  const std::uint64_t states = saved_states();
  const Registers seven = cpuid(7, 0);
  const Registers seven_one = cpuid(7, 1);
  CpuFeatures f;
  f.avx2 = contains(states, kYmm) && bit(seven.b, 5);
  f.avx512 = f.avx2 && contains(states, kZmm) && bit(seven.b, 16) && bit(seven.b, 17) &&
             bit(seven.b, 30) && bit(seven.b, 31);
  f.avx_vnni = f.avx2 && bit(seven_one.a, 4);
  f.avx512_vnni = f.avx512 && bit(seven.c, 11);
  f.amx_int8 = f.avx512 && contains(states, kTiles) && bit(seven.d, 24) && bit(seven.d, 25);
  f.exact_u8s8 = f.avx_vnni || f.avx512_vnni || f.amx_int8;
  return f;
}

CpuFeatures limited(CpuFeatures features, Isa isa) {
  if (isa == Isa::kAvx512) return features;
  CpuFeatures lower;
  lower.avx2 = features.avx2 && isa == Isa::kAvx2;
  return lower;
}

Isa best_isa(const CpuFeatures& features) {
  if (features.avx512) return Isa::kAvx512;
  return features.avx2 ? Isa::kAvx2 : Isa::kBaseline;
}

Isa parse_isa(std::string_view name) {
  if (name == "baseline") return Isa::kBaseline;
  if (name == "avx2") return Isa::kAvx2;
  if (name == "avx512") return Isa::kAvx512;
  throw UnsupportedError(cat("VITQ_ISA is \"", name, "\"; accepted are baseline, avx2 and avx512"));
}

CpuFeatures allowed_cpu() {
  const CpuFeatures features = detected_cpu();
  const char* wanted = std::getenv("VITQ_ISA");
  if (wanted == nullptr || *wanted == '\0') return features;
  return limited(features, parse_isa(wanted));
}

const CpuFeatures& cpu() {
  static const CpuFeatures features = allowed_cpu();
  return features;
}

std::string isa_name(const CpuFeatures& features) {
  std::string name = features.avx512 ? "avx512" : features.avx2 ? "avx2" : "baseline";
  if (features.avx_vnni || features.avx512_vnni) name += "_vnni";
  if (features.amx_int8) name += "+amx";
  return name;
}

std::string isa_name() {
  return isa_name(cpu());
}

}  // namespace vitq
