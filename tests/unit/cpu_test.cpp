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

constexpr CpuFeatures kEverything = {.avx2 = true,
                                     .avx512 = true,
                                     .avx_vnni = true,
                                     .avx512_vnni = true,
                                     .amx_int8 = true,
                                     .dotprod = true,
                                     .i8mm = true};

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const Isa& isa : isas()) result.emplace_back(isa.name);
  return result;
}

// The tier that CPUs with these features run on under each limit, in the order of isas().
std::vector<std::string> tiers_of(const CpuFeatures& features) {
  std::vector<std::string> result;
  for (const Isa& isa : isas()) {
    result.emplace_back(best_isa(limited(features, isa)).name);
  }
  return result;
}

}  // namespace

#if defined(__x86_64__)
namespace {

const std::string kAccepted = "baseline, avx2, avx_vnni, avx512, avx512_vnni and amx";

CpuFeatures lowered(std::string_view name) {
  return limited(kEverything, parse_isa(name));
}

}  // namespace

TEST_CASE("the CPU agrees with the compiler's own detection") {
  const CpuFeatures found = detected_cpu();
  CHECK(found.avx2 == (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0));
  CHECK(found.avx512 ==
        (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0));
  CHECK(found.avx512_vnni == (found.avx512 && __builtin_cpu_supports("avx512vnni") != 0));
}

TEST_CASE("a lower tier takes away all that lies above it, VNNI and AMX included") {
  for (const std::string& name : names()) {
    CAPTURE(name);
    const CpuFeatures f = lowered(name);
    const bool wide = name.starts_with("avx512") || name == "amx";
    const bool vnni = name.ends_with("vnni") || name == "amx";
    CHECK(f.avx2 == (name != "baseline"));
    CHECK(f.avx_vnni == vnni);
    CHECK(f.avx512 == wide);
    CHECK(f.avx512_vnni == (wide && vnni));
    CHECK(f.amx_int8 == (name == "amx"));
    CHECK(f.exact_u8s8() == vnni);
    CHECK_FALSE(f.dotprod);
    CHECK_FALSE(f.i8mm);
  }
}

TEST_CASE("a limit never raises what the CPU has: a missing tier gives the best below it") {
  using Names = std::vector<std::string>;
  CHECK(tiers_of({}) == Names(6, "baseline"));
  // It has VNNI for AVX2 alone.
  CHECK(tiers_of({.avx2 = true, .avx_vnni = true}) ==
        Names{"baseline", "avx2", "avx_vnni", "avx_vnni", "avx_vnni", "avx_vnni"});
  // The first servers with AVX-512 had no VNNI, and the next had that of AVX-512 alone.
  CHECK(tiers_of({.avx2 = true, .avx512 = true}) ==
        Names{"baseline", "avx2", "avx2", "avx512", "avx512", "avx512"});
  CHECK(tiers_of({.avx2 = true, .avx512 = true, .avx512_vnni = true}) ==
        Names{"baseline", "avx2", "avx2", "avx512", "avx512_vnni", "avx512_vnni"});
}
#elif defined(__aarch64__)
namespace {

const std::string kAccepted = "neon, dotprod and i8mm";

}  // namespace

TEST_CASE("a lower tier takes away all that lies above it") {
  for (const Isa& isa : isas()) {
    CAPTURE(isa.name);
    const CpuFeatures f = limited(kEverything, isa);
    CHECK(f.dotprod == (isa.name != "neon"));
    CHECK(f.i8mm == (isa.name == "i8mm"));
    CHECK_FALSE(f.avx2);
    CHECK_FALSE(f.amx_int8);
  }
}

TEST_CASE("a limit never raises what the CPU has: a missing tier gives the best below it") {
  using Names = std::vector<std::string>;
  CHECK(tiers_of({}) == Names(3, "neon"));
  CHECK(tiers_of({.dotprod = true}) == Names{"neon", "dotprod", "dotprod"});
}
#else
namespace {

const std::string kAccepted = "baseline";

}  // namespace

TEST_CASE("nothing is looked for on other processors") {
  CHECK(tiers_of(kEverything) == names());
  CHECK(best_isa(detected_cpu()).name == "baseline");
}
#endif

TEST_CASE("each tier has a name of its own, and a CPU that has everything runs on each") {
  CHECK(tiers_of(kEverything) == names());
  for (const Isa& isa : isas()) CHECK(&parse_isa(isa.name) == &isa);
  CHECK(isas().front().needs == nullptr);
}

TEST_CASE("VITQ_ISA lowers the choice, and any other value is refused with the accepted ones") {
  const char* before = getenv("VITQ_ISA");
  const std::string saved = before == nullptr ? "" : before;
  for (const Isa& isa : isas()) {
    CAPTURE(isa.name);
    setenv("VITQ_ISA", std::string(isa.name).c_str(), 1);
    CHECK(&best_isa(allowed_cpu()) == &best_isa(detected_cpu(), isa));
  }
  setenv("VITQ_ISA", "", 1);
  CHECK(&best_isa(allowed_cpu()) == &best_isa(detected_cpu()));
  for (const std::string wrong : {"AVX2", "avx2 ", "sse4", "1", "avx2_vnni", "Neon", "sve"}) {
    setenv("VITQ_ISA", wrong.c_str(), 1);
    CHECK_THROWS_WITH_AS(allowed_cpu(),
                         ("VITQ_ISA is \"" + wrong + "\"; accepted are " + kAccepted).c_str(),
                         IsaError);
  }
  setenv("VITQ_ISA", saved.c_str(), 1);
}

TEST_CASE("the process runs on the tier that VITQ_ISA names, or the best below it") {
  const char* wanted = getenv("VITQ_ISA");
  const bool lowered = wanted != nullptr && *wanted != '\0';
  CHECK(isa_is_limited() == lowered);
  const Isa& limit = lowered ? parse_isa(wanted) : isas().back();
  CHECK(&best_isa(cpu()) == &best_isa(detected_cpu(), limit));
}
