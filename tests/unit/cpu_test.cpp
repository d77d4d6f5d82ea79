// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <string>
#include <vector>

#include "vitq/error.h"

using namespace vitq;

namespace {

struct NamedTier {
  Isa isa;
  std::string name;
};
const std::vector<NamedTier> kTiers = {{Isa::kBaseline, "baseline"},      {Isa::kAvx2, "avx2"},
                                       {Isa::kAvxVnni, "avx_vnni"},       {Isa::kAvx512, "avx512"},
                                       {Isa::kAvx512Vnni, "avx512_vnni"}, {Isa::kAmx, "amx"}};

constexpr CpuFeatures kEverything = {
    .avx2 = true, .avx512 = true, .avx_vnni = true, .avx512_vnni = true, .amx_int8 = true};
// It has VNNI for AVX2 alone.
constexpr CpuFeatures kSmall = {.avx2 = true, .avx_vnni = true};
// The first servers with AVX-512 had no VNNI, and the next had that of AVX-512 alone.
constexpr CpuFeatures kFirst = {.avx2 = true, .avx512 = true};
constexpr CpuFeatures kNext = {.avx2 = true, .avx512 = true, .avx512_vnni = true};

Isa tier_of(const CpuFeatures& features, Isa limit) {
  return best_isa(limited(features, limit));
}

}  // namespace

#if defined(__x86_64__)
TEST_CASE("the CPU agrees with the compiler's own detection") {
  const CpuFeatures found = detected_cpu();
  CHECK(found.avx2 == (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0));
  CHECK(found.avx512 ==
        (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0));
  CHECK(found.avx512_vnni == (found.avx512 && __builtin_cpu_supports("avx512vnni") != 0));
}
#else
TEST_CASE("no other processor has the instructions of x86") {
  CHECK(best_isa(detected_cpu()) == Isa::kBaseline);
}
#endif

TEST_CASE("each tier has a name, and reports use the same") {
  for (const NamedTier& tier : kTiers) {
    const Isa isa = tier.isa;
    CAPTURE(tier.name);
    CHECK(isa_name(isa) == tier.name);
    CHECK(parse_isa(tier.name) == isa);
    const CpuFeatures features = limited(kEverything, isa);
    CHECK(isa_name(features) == (isa == Isa::kAmx ? "avx512_vnni+amx" : tier.name));
  }
}

TEST_CASE("a lower tier takes away all that lies above it, VNNI and AMX included") {
  for (const NamedTier& tier : kTiers) {
    const Isa isa = tier.isa;
    CAPTURE(tier.name);
    CHECK(tier_of(kEverything, isa) == isa);
    const CpuFeatures f = limited(kEverything, isa);
    CHECK(f.avx2 == (isa >= Isa::kAvx2));
    CHECK(f.avx_vnni == (isa == Isa::kAvxVnni || isa >= Isa::kAvx512Vnni));
    CHECK(f.avx512 == (isa >= Isa::kAvx512));
    CHECK(f.avx512_vnni == (isa >= Isa::kAvx512Vnni));
    CHECK(f.amx_int8 == (isa == Isa::kAmx));
    CHECK(f.exact_u8s8() == (isa == Isa::kAvxVnni || isa >= Isa::kAvx512Vnni));
  }
}

TEST_CASE("a limit never raises what the CPU has: a missing tier gives the best below it") {
  for (const NamedTier& tier : kTiers) {
    const Isa isa = tier.isa;
    CAPTURE(tier.name);
    CHECK(tier_of({}, isa) == Isa::kBaseline);
    CHECK(tier_of(kSmall, isa) == std::min(isa, Isa::kAvxVnni));
    CHECK(tier_of(kFirst, isa) ==
          (isa == Isa::kAvxVnni ? Isa::kAvx2 : std::min(isa, Isa::kAvx512)));
    CHECK(tier_of(kNext, isa) ==
          (isa == Isa::kAvxVnni ? Isa::kAvx2 : std::min(isa, Isa::kAvx512Vnni)));
  }
}

TEST_CASE("VITQ_ISA lowers the choice, and any other value is refused with the accepted ones") {
  const char* before = getenv("VITQ_ISA");
  const std::string saved = before == nullptr ? "" : before;
  for (const NamedTier& tier : kTiers) {
    const Isa isa = tier.isa;
    CAPTURE(tier.name);
    setenv("VITQ_ISA", tier.name.c_str(), 1);
    CHECK(best_isa(allowed_cpu()) == best_isa(detected_cpu(), isa));
  }
  setenv("VITQ_ISA", "avx2", 1);
  CHECK_FALSE(allowed_cpu().exact_u8s8());
  setenv("VITQ_ISA", "", 1);
  CHECK(isa_name(allowed_cpu()) == isa_name(detected_cpu()));
  for (const char* wrong : {"AVX2", "avx2 ", "sse4", "1", "avx2_vnni", "avx512_vnni+amx"}) {
    setenv("VITQ_ISA", wrong, 1);
    CHECK_THROWS_WITH_AS(allowed_cpu(),
                         ("VITQ_ISA is \"" + std::string(wrong) +
                          "\"; accepted are baseline, avx2, avx_vnni, avx512, avx512_vnni and amx")
                             .c_str(),
                         IsaError);
  }
  setenv("VITQ_ISA", saved.c_str(), 1);
}

TEST_CASE("the limit of the process is the tier that it runs on") {
  const char* wanted = getenv("VITQ_ISA");
  const bool lowered = wanted != nullptr && *wanted != '\0';
  CHECK(isa_limit().has_value() == lowered);
  if (lowered) CHECK(isa_limit() == best_isa(cpu()));
}
