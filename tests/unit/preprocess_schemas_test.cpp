// SPDX-License-Identifier: Apache-2.0
// The keys of the files that preprocessing is read from.
#include "vitq/preprocess_schemas.h"

#include <doctest/doctest.h>

#include <set>

#include "support/golden_images.h"
#include "vitq/preprocess.h"

using namespace vitq;
using namespace vitq::test;

namespace {

Json parse(const std::string& text) {
  return Json::parse(text, "p.json");
}

}  // namespace

TEST_CASE("a schema lists each key once, and what is fixed says to what") {
  CHECK(preprocess_schemas().size() == 3);
  for (const ConfigSchema& schema : preprocess_schemas()) {
    std::set<std::string_view> names;
    for (const ConfigKey& key : schema.keys) {
      CHECK_MESSAGE(names.insert(key.name).second, key.name);
      CHECK((key.use == ConfigKey::Use::kFixed) == !key.allowed.empty());
      if (key.use == ConfigKey::Use::kNoEffect) CHECK_FALSE(key.note.empty());
    }
  }
}

TEST_CASE("every honoured key has a golden configuration that states it") {
  const GoldenImages golden;
  std::vector<Json> configs;
  const Json record = golden.record();
  for (const auto& [name, text] : record.members()) {
    const bool config = name.starts_with("timm/") || name.starts_with("huggingface/") ||
                        name.starts_with("values/");
    if (!config) continue;
    configs.push_back(parse(text.string()));
    if (const auto nested = configs.back().find("pretrained_cfg")) configs.push_back(*nested);
  }
  const std::set<std::string_view> names_of_classes = {"label_names", "labels"};
  for (const ConfigSchema& schema : preprocess_schemas()) {
    for (const ConfigKey& key : schema.keys) {
      if (key.use != ConfigKey::Use::kHonoured || names_of_classes.contains(key.name)) continue;
      CHECK_MESSAGE(std::any_of(configs.begin(), configs.end(),
                                [&](const Json& config) { return config.contains(key.name); }),
                    schema.name << ": " << key.name);
    }
  }
}

TEST_CASE("a processor's schema is that of its class, or else of the network's type") {
  const Json detr =
      parse(R"({"feature_extractor_type": "DetrFeatureExtractor", "max_size": 1333})");
  CHECK(check_keys(detr, huggingface_schema(detr, "vit")).empty());
  const Json none = parse(R"({"max_size": 1333, "size": {"any": 1}, "frames": 3})");
  CHECK(check_keys(none, huggingface_schema(none, "detr")) ==
        std::vector<std::string>{"p.json: $.frames"});
  CHECK(check_keys(none, huggingface_schema(none, "vit")) ==
        std::vector<std::string>{"p.json: $.max_size", "p.json: $.frames"});
}
