// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <string>

#include "vitq/error.h"

using namespace vitq;

namespace {

CpuFeatures everything() {
  return {.avx2 = true,
          .avx512 = true,
          .avx_vnni = true,
          .avx512_vnni = true,
          .amx_int8 = true,
          .exact_u8s8 = true};
}

}  // namespace

TEST_CASE("the CPU agrees with the compiler's own detection") {
  const CpuFeatures found = detected_cpu();
  CHECK(found.avx2 == (__builtin_cpu_supports("avx2") != 0));
  CHECK(found.avx512 ==
        (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0));
  CHECK(found.avx512_vnni == (found.avx512 && __builtin_cpu_supports("avx512vnni") != 0));
  CHECK(found.exact_u8s8 == (found.avx_vnni || found.avx512_vnni || found.amx_int8));
}

TEST_CASE("a lower tier takes away all that lies above it, VNNI and AMX included") {
  CHECK(isa_name(limited(everything(), Isa::kAvx512)) == "avx512_vnni+amx");
  CHECK(isa_name(limited(everything(), Isa::kAvx2)) == "avx2");
  CHECK(isa_name(limited(everything(), Isa::kBaseline)) == "baseline");
  CHECK_FALSE(limited(everything(), Isa::kAvx2).exact_u8s8);
  CHECK(best_isa(everything()) == Isa::kAvx512);
  CHECK(best_isa(limited(everything(), Isa::kAvx2)) == Isa::kAvx2);
}

TEST_CASE("a limit never raises what the CPU has") {
  const CpuFeatures old_cpu;
  CHECK(isa_name(limited(old_cpu, Isa::kAvx512)) == "baseline");
  CHECK(isa_name(limited(old_cpu, Isa::kAvx2)) == "baseline");
  const CpuFeatures middle = {
      .avx2 = true, .avx512 = false, .avx_vnni = true, .avx512_vnni = false, .exact_u8s8 = true};
  CHECK(isa_name(limited(middle, Isa::kAvx512)) == "avx2_vnni");
  CHECK(best_isa(middle) == Isa::kAvx2);
}

TEST_CASE("VITQ_ISA lowers the choice, and any other value is refused with the accepted ones") {
  const char* before = getenv("VITQ_ISA");
  const std::string saved = before == nullptr ? "" : before;
  setenv("VITQ_ISA", "baseline", 1);
  CHECK(isa_name(allowed_cpu()) == "baseline");
  setenv("VITQ_ISA", "avx2", 1);
  CHECK(best_isa(allowed_cpu()) == best_isa(limited(detected_cpu(), Isa::kAvx2)));
  CHECK_FALSE(allowed_cpu().exact_u8s8);
  setenv("VITQ_ISA", "", 1);
  CHECK(isa_name(allowed_cpu()) == isa_name(detected_cpu()));
  for (const char* wrong : {"AVX2", "avx2 ", "sse4", "1"}) {
    setenv("VITQ_ISA", wrong, 1);
    CHECK_THROWS_WITH_AS(
        allowed_cpu(),
        ("VITQ_ISA is \"" + std::string(wrong) + "\"; accepted are baseline, avx2 and avx512")
            .c_str(),
        UnsupportedError);
  }
  setenv("VITQ_ISA", saved.c_str(), 1);
}
