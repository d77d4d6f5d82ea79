// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>

#include "core/text.h"
#include "vitq/error.h"

namespace vitq {
namespace {

constexpr std::array<std::string_view, 6> kIsaNames = {"baseline", "avx2",        "avx_vnni",
                                                       "avx512",   "avx512_vnni", "amx"};

bool has_isa(const CpuFeatures& features, Isa isa) {
  switch (isa) {
    case Isa::kBaseline: return true;
    case Isa::kAvx2: return features.avx2;
    case Isa::kAvxVnni: return features.avx_vnni;
    case Isa::kAvx512: return features.avx512;
    case Isa::kAvx512Vnni: return features.avx512_vnni;
    case Isa::kAmx: return features.amx_int8;
  }
  return false;
}

// The environment asks for it.
std::optional<Isa> wanted_isa() {
  const char* name = std::getenv("VITQ_ISA");
  if (name == nullptr || *name == '\0') return {};
  return parse_isa(name);
}

CpuFeatures limited_by(const std::optional<Isa>& limit) {
  const CpuFeatures features = detected_cpu();
  return limit ? limited(features, *limit) : features;
}

// One choice holds for the whole process.
struct CpuChoice {
  std::optional<Isa> wanted = wanted_isa();
  CpuFeatures features = limited_by(wanted);
};

const CpuChoice& cpu_choice() {
  static const CpuChoice choice;
  return choice;
}

}  // namespace

Isa best_isa(const CpuFeatures& features, Isa limit) {
  auto index = static_cast<std::uint8_t>(limit);
  while (!has_isa(features, static_cast<Isa>(index))) --index;
  return static_cast<Isa>(index);
}

CpuFeatures limited(const CpuFeatures& features, Isa isa) {
  const Isa tier = best_isa(features, isa);
  CpuFeatures kept = features;
  kept.avx2 &= tier >= Isa::kAvx2;
  kept.avx_vnni &= tier == Isa::kAvxVnni || tier >= Isa::kAvx512Vnni;
  kept.avx512 &= tier >= Isa::kAvx512;
  kept.avx512_vnni &= tier >= Isa::kAvx512Vnni;
  kept.amx_int8 &= tier >= Isa::kAmx;
  return kept;
}

std::string_view isa_name(Isa isa) {
  return kIsaNames[static_cast<std::size_t>(isa)];
}

Isa parse_isa(std::string_view name) {
  const auto* found = std::find(kIsaNames.begin(), kIsaNames.end(), name);
  if (found != kIsaNames.end()) return static_cast<Isa>(found - kIsaNames.begin());
  std::string accepted(kIsaNames.front());
  for (const std::string_view other : std::span(kIsaNames).subspan(1)) {
    accepted += cat(other == kIsaNames.back() ? " and " : ", ", other);
  }
  throw IsaError(cat("VITQ_ISA is \"", name, "\"; accepted are ", accepted));
}

CpuFeatures allowed_cpu() {
  return limited_by(wanted_isa());
}

const CpuFeatures& cpu() {
  return cpu_choice().features;
}

std::optional<Isa> isa_limit() {
  if (!cpu_choice().wanted) return {};
  return best_isa(cpu());
}

std::string isa_name(const CpuFeatures& features) {
  const Isa isa = best_isa(features);
  return isa == Isa::kAmx ? "avx512_vnni+amx" : std::string(isa_name(isa));
}

std::string isa_name() {
  return isa_name(cpu());
}

}  // namespace vitq
