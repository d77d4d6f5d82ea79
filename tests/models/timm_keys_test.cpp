// SPDX-License-Identifier: Apache-2.0
// What timm's config.json says in one form or another.
#include <doctest/doctest.h>

#include "changed_checkpoints.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("timm's old flat config.json says the image size and the names of the classes") {
  Checkpoint flat = checkpoint("timm_vit");
  flat.config = Json::parse(
      R"({"architecture": "vit_tiny_patch16_224", "num_classes": 10, "num_features": 24,
          "input_size": [3, 16, 16], "interpolation": "bicubic", "crop_pct": 0.95,
          "labels": ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]})",
      "config.json");
  ConvertOptions options;
  options.heads = 3;
  const Converted made = convert(flat, options);
  CHECK(made.info.config.dump() == convert(checkpoint("timm_vit"), {}).info.config.dump());
  CHECK(made.info.labels.size() == 10);
  CHECK(made.info.labels[9] == "j");
  const Json pooled = with(flat.config, "global_pool", "avg");
  CHECK(convert(saying(flat, pooled), options).info.config.at("pool").string() == "average");
  CHECK(refusal<UnsupportedError>(saying(flat, with(flat.config, "global_pool", "max")), options)
            .find("global_pool") != std::string::npos);
}

TEST_CASE("timm's names of classes may be listed by id, and lie in pretrained_cfg") {
  const Checkpoint base = checkpoint("timm_vit");
  const Json by_id = Json::parse(R"({"3": "cat", "0": "dog"})", "names");
  using Names = std::vector<std::string>;
  const Names wanted = {"dog", "", "", "cat"};
  CHECK(convert(changed("timm_vit", "label_names", by_id), {}).info.labels == wanted);
  const Json nested =
      with(without(base.config, "label_names"), "pretrained_cfg.label_names", by_id);
  CHECK(convert(saying(base, nested), {}).info.labels == wanted);
}
