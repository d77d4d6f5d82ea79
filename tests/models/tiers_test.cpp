// SPDX-License-Identifier: Apache-2.0
// Whole networks run on every tier that this CPU has; the program tier_outputs runs once for each.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/isas.h"
#include "support/naive_scheme.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/model.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

struct Answers {
  std::string isa;
  std::string kernels;  // a line each
  std::string bytes;    // of the outputs
};

Answers answers_of(const fs::path& model, const Isa& tier, const std::string& backend) {
  const TempFolder temp;
  const fs::path out = temp.path() / "out";
  const std::string line = "VITQ_ISA=" + std::string(tier.name) + " '" VITQ_TIER_OUTPUTS "' '" +
                           model.string() + "' " + backend + " >'" + out.string() + "'";
  REQUIRE(std::system(line.c_str()) == 0);
  const std::string text = vitq::test::contents_of(out);
  const std::size_t first = text.find('\n');
  const std::size_t last = text.find("\n\n");
  REQUIRE(last != std::string::npos);
  return {text.substr(0, first), text.substr(first + 1, last - first), text.substr(last + 2)};
}

void same_on_every_tier(const fs::path& model) {
  const Answers expected = answers_of(model, isas().front(), "reference");
  REQUIRE_FALSE(expected.bytes.empty());
  for (const Isa& tier : vitq::test::isas_of(detected_cpu())) {
    const Answers found = answers_of(model, tier, "fast");
    CAPTURE(tier.name);
    CHECK(found.isa == tier.name);
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
  for (const Isa& tier : vitq::test::isas_of(detected_cpu())) {
    const std::string kernels = answers_of(golden.plain, tier, "fast").kernels;
    CAPTURE(kernels);
    const CpuFeatures has = limited(detected_cpu(), tier);
    if (!has.avx2) CHECK(kernels.find("avx") == std::string::npos);
    if (!has.avx512) CHECK(kernels.find("avx512") == std::string::npos);
    if (!has.avx512_vnni) CHECK(kernels.find("avx512_core_") == std::string::npos);
    if (!has.amx_int8) CHECK(kernels.find("amx") == std::string::npos);
    if (!has.dotprod) CHECK(kernels.find("dotprod") == std::string::npos);
    if (!has.i8mm) CHECK(kernels.find("i8mm") == std::string::npos);
  }
}
