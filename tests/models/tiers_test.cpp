// SPDX-License-Identifier: Apache-2.0
// Whole networks run on every tier that this CPU has; the program tier_outputs runs once for each.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/cpu.h"
#include "support/naive_scheme.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/model.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

constexpr Isa kTiers[] = {Isa::kBaseline, Isa::kAvx2,       Isa::kAvxVnni,
                          Isa::kAvx512,   Isa::kAvx512Vnni, Isa::kAmx};

// It tells whether this CPU has the tier itself; a missing one would give the best below it.
bool on_this_cpu(Isa tier) {
  if (best_isa(detected_cpu(), tier) == tier) return true;
  MESSAGE("skipped: this CPU has no ", std::string(isa_name(tier)));
  return false;
}

struct Answers {
  std::string isa;
  std::string kernels;  // a line each
  std::string bytes;    // of the outputs
};

Answers answers_of(const fs::path& model, Isa tier, const std::string& backend) {
  const TempFolder temp;
  const fs::path out = temp.path() / "out";
  const std::string line = "VITQ_ISA=" + std::string(isa_name(tier)) +
                           " '" VITQ_TIER_OUTPUTS "' '" + model.string() + "' " + backend + " >'" +
                           out.string() + "'";
  REQUIRE(std::system(line.c_str()) == 0);
  const std::string text = vitq::test::contents_of(out);
  const std::size_t first = text.find('\n');
  const std::size_t last = text.find("\n\n");
  REQUIRE(last != std::string::npos);
  return {text.substr(0, first), text.substr(first + 1, last - first), text.substr(last + 2)};
}

void same_on_every_tier(const fs::path& model) {
  const Answers expected = answers_of(model, Isa::kBaseline, "reference");
  REQUIRE_FALSE(expected.bytes.empty());
  for (const Isa tier : kTiers) {
    if (!on_this_cpu(tier)) continue;
    const Answers found = answers_of(model, tier, "fast");
    CAPTURE(std::string(isa_name(tier)));
    CHECK(found.isa == isa_name(limited(detected_cpu(), tier)));
    CHECK((found.bytes == expected.bytes));
  }
}

// It writes a golden network as files of ours, in float and quantized.
struct Golden {
  TempFolder temp;
  fs::path plain = temp.path() / "float.safetensors";
  fs::path quantized = temp.path() / "int8.safetensors";

  explicit Golden(const std::string& name) {
    const Converted source = convert(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name, {});
    write_safetensors(plain, source.weights, Overwrite::kNo);
    const Model model = Model::load(plain);
    write_safetensors(quantized,
                      vitq::test::naive_quantized(source.weights, model.graph(), source.info, 8),
                      Overwrite::kNo);
  }
};

}  // namespace

TEST_CASE("the default model gives the same bits on every tier and in the reference") {
  same_on_every_tier(fs::path(VITQ_TEST_FILES) / ".." / "models" / "pretrained" / "vit-cifar10" /
                     "int8.safetensors");
}

TEST_CASE("a quantized ViT and DETR give the same bits on every tier and in the reference") {
  for (const std::string name : {"timm_vit", "hf_detr"}) {
    CAPTURE(name);
    const Golden golden(name);
    same_on_every_tier(golden.quantized);
  }
}

TEST_CASE("VITQ_ISA alone keeps the kernels of a float network to the tier") {
  const Golden golden("hf_detr");
  for (const Isa tier : kTiers) {
    if (!on_this_cpu(tier)) continue;
    const std::string kernels = answers_of(golden.plain, tier, "fast").kernels;
    CAPTURE(kernels);
    if (tier < Isa::kAvx2) CHECK(kernels.find("avx") == std::string::npos);
    if (tier < Isa::kAvx512) CHECK(kernels.find("avx512") == std::string::npos);
    if (tier < Isa::kAvx512Vnni) CHECK(kernels.find("avx512_core_") == std::string::npos);
    if (tier < Isa::kAmx) CHECK(kernels.find("amx") == std::string::npos);
  }
}
