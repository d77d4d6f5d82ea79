// SPDX-License-Identifier: Apache-2.0
// The programs on the real DeiT-Tiny and real photographs, as PyTorch with Pillow answers
// (tests/golden/make_deit_tiny.py; the decoders of JPEG differ slightly).
#include <cmath>

#include "apps/run.h"
#include "support/data_folder.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("the real DeiT-Tiny says of the demo images what PyTorch says") {
  const auto weights = data_folder("weights");
  const auto demo = data_folder("demo");
  const auto imagenet = data_folder("imagenet");
  if (!weights || !demo || !imagenet) return;
  const TempFolder temp;
  const std::string model = (temp.path() / "deit.safetensors").string();
  const Result converted =
      run("vit_convert", {*weights / "deit_tiny_patch16_224.safetensors", "-o", model, "--preset",
                          "fb-deit", "--labels", *imagenet / "classes.tsv"});
  REQUIRE_MESSAGE(converted.code == 0, converted.err);

  const Json expected =
      Json::read(fs::path(VITQ_TEST_FILES) / "golden" / "deit_tiny" / "reference.json").at("demo");
  for (const auto& [name, answers] : expected.members()) {
    CAPTURE(name);
    const Result result = run("vit_infer", {"-m", model, *demo / name, "-f", "json"});
    REQUIRE_MESSAGE(result.code == 0, result.err);
    const std::vector<Json> found = Json::parse(result.out, "answer").at("predictions").items();
    const std::vector<Json> wanted = answers.items();
    REQUIRE(found.size() == wanted.size());
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(found[i].at("id").integer(0, 999) == wanted[i].at("id").integer(0, 999));
      CHECK(found[i].at("label").string() == wanted[i].at("label").string());
      CHECK(std::abs(found[i].at("score").number() - wanted[i].at("score").number()) < 0.005);
    }
  }
}
