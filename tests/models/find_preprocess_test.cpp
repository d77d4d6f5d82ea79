// SPDX-License-Identifier: Apache-2.0
// Which preprocessing a checkpoint gets: from its files in every form, or from its origin's
// classes.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/error.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

Checkpoint golden(const std::string& name) {
  return read_checkpoint(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name);
}

Json parse(const std::string& text) {
  return Json::parse(text, "p.json");
}

// The pretrained_cfg of a golden model as timm's first files have it.
Json flat(const Json& config) {
  Json old = Json::object();
  for (const auto& [key, value] : config.at("pretrained_cfg").members()) old.set(key, value);
  old.set("architecture", config.at("architecture")).set("num_features", 16);
  return old;
}

}  // namespace

TEST_CASE("timm's old flat config.json says the same as the nested one") {
  const Checkpoint nested = golden("timm_vit");
  Checkpoint old = nested;
  old.config = flat(nested.config);
  const auto classes = nested.config.at("num_classes").integer(1, 100);
  Json labels = Json::array();
  for (int i = 0; i < classes; ++i) labels.push(std::string("kind") + std::to_string(i));
  old.config.set("labels", labels);
  old.config.set("mean", Json::array().push(0.1).push(0.2).push(0.3)).set("crop_pct", 0.5);
  // The arguments of the network are not in the old form.
  const Converted made =
      convert(old, {.heads = convert(nested, {}).info.config.at("heads").integer(1, 64)});
  Preprocess expected = convert(nested, {}).info.preprocess;
  expected.mean = {0.1F, 0.2F, 0.3F};
  expected.height = expected.width = 2 * expected.crop_width;
  CHECK(made.info.preprocess == expected);
  CHECK(made.info.labels.at(1) == "kind1");
  CHECK(made.unknown_keys.empty());
  for (const std::string& assumption : made.assumptions) {
    CHECK(assumption.find("preprocessing") == std::string::npos);
  }
}

TEST_CASE("timm's names of the classes may stand inside of pretrained_cfg") {
  Checkpoint source = golden("timm_vit");
  Json labels = Json::array().push("first");
  Json cfg = source.config.at("pretrained_cfg");
  Json config = Json::object();
  for (const auto& [key, value] : source.config.members()) {
    if (key != "label_names") config.set(key, value);
  }
  source.config = config.set("pretrained_cfg", cfg.set("label_names", labels));
  CHECK(convert(source, {}).info.labels == std::vector<std::string>{"first"});
}

TEST_CASE("without a preprocessor_config.json transformers' networks get their class's defaults") {
  for (const std::string name : {"hf_vit", "hf_deit", "hf_detr"}) {
    Checkpoint source = golden(name);
    source.preprocessor = Json();
    const Converted made = convert(source, {});
    const std::string type = source.config.at("model_type").string();
    Preprocess expected = preprocess_from_huggingface(parse("{}"), type);
    const Preprocess& found = made.info.preprocess;
    CHECK_MESSAGE(found.mean == expected.mean, name);
    CHECK_MESSAGE(found.std == expected.std, name);
    CHECK_MESSAGE(found.filter == expected.filter, name);
    CHECK_MESSAGE(found.resize == expected.resize, name);
    CHECK_MESSAGE(found.crop_offset == expected.crop_offset, name);
    CHECK_MESSAGE(made.assumptions.back().find("class for " + type) != std::string::npos, name);
  }
}

TEST_CASE("a file that names no processor is of the type in config.json") {
  Checkpoint source = golden("hf_deit");
  const int side = convert(source, {}).info.preprocess.crop_width;
  source.preprocessor = parse(R"({"crop_size": )" + std::to_string(side) + "}");
  CHECK(convert(source, {}).info.preprocess.height == 256);
  const TempFolder temp;
  ConvertOptions options;
  options.preprocessor = temp.file("p.json", source.preprocessor.dump());
  source.preprocessor = Json();
  CHECK(convert(source, options).info.preprocess.height == 256);
}

TEST_CASE("keys that no known version of a file has are told, and fixed ones refused") {
  Checkpoint source = golden("hf_vit");
  source.preprocessor.set("blur", 3).set("size_divisor", 32);
  const Converted made = convert(source, {});
  REQUIRE(made.unknown_keys.size() == 2);
  CHECK(made.unknown_keys[0].ends_with("preprocessor_config.json: $.blur"));
  source.preprocessor.set("pad_size", 300);
  CHECK_THROWS_AS(convert(source, {}), UnsupportedError);
  Checkpoint timm = golden("timm_vit");
  Json cfg = timm.config.at("pretrained_cfg");
  timm.config.set("pretrained_cfg", cfg.set("sharpen", true));
  CHECK(convert(timm, {}).unknown_keys.at(0).ends_with("$.pretrained_cfg.sharpen"));
}
