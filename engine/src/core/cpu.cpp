// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "core/text.h"
#include "vitq/error.h"

namespace vitq {
namespace {

bool has(const CpuFeatures& features, const Isa& isa) {
  return isa.needs == nullptr || features.*isa.needs;
}

CpuFeatures common(CpuFeatures a, const CpuFeatures& b) {
  a.avx2 &= b.avx2;
  a.avx512 &= b.avx512;
  a.avx_vnni &= b.avx_vnni;
  a.avx512_vnni &= b.avx512_vnni;
  a.amx_int8 &= b.amx_int8;
  a.dotprod &= b.dotprod;
  a.i8mm &= b.i8mm;
  a.relaxed_simd &= b.relaxed_simd;
  return a;
}

// The environment asks for it; nullptr if it asks for nothing.
const Isa* wanted_isa() {
  const char* name = std::getenv("VITQ_ISA");
  if (name == nullptr || *name == '\0') return nullptr;
  return &parse_isa(name);
}

CpuFeatures limited_by(const Isa* limit) {
  const CpuFeatures features = detected_cpu();
  return limit != nullptr ? limited(features, *limit) : features;
}

// One choice holds for the whole process.
struct CpuChoice {
  const Isa* wanted = wanted_isa();
  CpuFeatures features = limited_by(wanted);
};

const CpuChoice& cpu_choice() {
  static const CpuChoice choice;
  return choice;
}

}  // namespace

const Isa& best_isa(const CpuFeatures& features, const Isa& limit) {
  const Isa* isa = &limit;
  while (!has(features, *isa)) --isa;
  return *isa;
}

CpuFeatures limited(const CpuFeatures& features, const Isa& isa) {
  return common(features, best_isa(features, isa).allows);
}

const Isa& parse_isa(std::string_view name) {
  const std::span<const Isa> all = isas();
  const auto found = std::ranges::find(all, name, &Isa::name);
  if (found != all.end()) return *found;
  std::string accepted(all.front().name);
  for (const Isa& other : all.subspan(1)) {
    accepted += cat(&other == &all.back() ? " and " : ", ", other.name);
  }
  throw IsaError(cat("VITQ_ISA is \"", name, "\"; accepted are ", accepted));
}

CpuFeatures allowed_cpu() {
  return limited_by(wanted_isa());
}

const CpuFeatures& cpu() {
  return cpu_choice().features;
}

bool isa_is_limited() {
  return cpu_choice().wanted != nullptr;
}

}  // namespace vitq
