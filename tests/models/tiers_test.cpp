// SPDX-License-Identifier: Apache-2.0
// Networks on codes give the bits that are recorded, on every tier that this CPU has.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/isas.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = fs::path(VITQ_TEST_FILES) / "golden";

// What a program beside this one prints on a tier.
std::string said(const Isa& tier, const std::string& program, const std::string& argument) {
  const TempFolder temp;
  const std::string out = (temp.path() / "out").string();
  const std::string line = "VITQ_ISA=" + std::string(tier.name) +
                           " " VITQ_EMULATOR " '" VITQ_TEST_PROGRAMS "/" + program + "' '" +
                           argument + "' >'" + out + "'";
  REQUIRE(std::system(line.c_str()) == 0);
  return vitq::test::contents_of(out);
}

// An emulator stands for a CPU of each tier, on which there is no need for lower ones.
std::vector<Isa> tiers_to_run() {
  std::vector<Isa> tiers = vitq::test::isas_of(detected_cpu());
  if (!std::string_view(VITQ_EMULATOR).empty()) tiers = {tiers.back()};
  return tiers;
}

}  // namespace

TEST_CASE("every network of the tree gives the recorded bits on every tier of this CPU") {
  const std::string expected = vitq::test::contents_of(kGolden / "digests.txt");
  REQUIRE_FALSE(expected.empty());
  for (const Isa& tier : tiers_to_run()) {
    CAPTURE(tier.name);
    CHECK(said(tier, "tier_digests", "fast") == expected);
  }
}

TEST_CASE("the reference kernels give the recorded bits") {
  CHECK(said(isas().front(), "tier_digests", "reference") ==
        vitq::test::contents_of(kGolden / "digests.txt"));
}

TEST_CASE("VITQ_ISA alone keeps the kernels of a float network to the tier") {
  const TempFolder temp;
  const fs::path file = temp.path() / "float.safetensors";
  write_safetensors(file, convert(kGolden / "models" / "hf_detr", {}).weights, Overwrite::kNo);
  for (const Isa& tier : vitq::test::isas_of(detected_cpu())) {
    const std::string kernels = said(tier, "tier_kernels", file.string());
    CAPTURE(kernels);
    CHECK(kernels.starts_with(std::string(tier.name) + "\n"));
    const CpuFeatures has = limited(detected_cpu(), tier);
    const auto uses = [steps = kernels.substr(tier.name.size())](const std::string& name) {
      return steps.find(name) != std::string::npos;
    };
    CHECK(uses("\n"));
    if (!has.avx2) CHECK_FALSE(uses("avx"));
    if (!has.avx512) CHECK_FALSE(uses("avx512"));
    if (!has.avx512_vnni) CHECK_FALSE(uses("avx512_core_"));
    if (!has.amx_int8) CHECK_FALSE(uses("amx"));
    if (!has.dotprod) CHECK_FALSE(uses("dotprod"));
    if (!has.i8mm) CHECK_FALSE(uses("i8mm"));
  }
}
