// SPDX-License-Identifier: Apache-2.0
// Prepared images with padding, as vit_infer answers for them.
#include "run.h"
#include "vitq/json.h"
#include "vitq/npy.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("boxes of a padded image lie where those of the image alone do") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const Shape alone = {1, 3, 40, 48};
  const Shape padded = {1, 3, 64, 80};
  Tensor small(alone, DType::kF32);
  Tensor large(padded, DType::kF32);
  Tensor mask({1, padded[2], padded[3]}, DType::kF32);
  for (std::int64_t c = 0; c < 3; ++c) {
    for (std::int64_t y = 0; y < alone[2]; ++y) {
      for (std::int64_t x = 0; x < alone[3]; ++x) {
        const float value = static_cast<float>((7 * x + 5 * y + 3 * c) % 11) / 5.0F - 1.0F;
        const auto at = [&](const Shape& s) {
          return static_cast<std::size_t>((c * s[2] + y) * s[3] + x);
        };
        small.as<float>()[at(alone)] = large.as<float>()[at(padded)] = value;
        mask.as<float>()[static_cast<std::size_t>(y * padded[3] + x)] = 1.0F;
      }
    }
  }
  const std::string folder = temp.path().string() + "/";
  write_npy(folder + "small.npy", small, Overwrite::kNo);
  write_npy(folder + "large.npy", large, Overwrite::kNo);
  write_npy(folder + "mask.npy", mask, Overwrite::kNo);
  const auto boxes = [&](std::vector<std::string> arguments) {
    for (const char* more : {"-m", model.c_str(), "--threshold", "0", "-f", "json"}) {
      arguments.emplace_back(more);
    }
    const Result result = run("vit_infer", arguments);
    REQUIRE_MESSAGE(result.code == 0, result.err);
    return Json::parse(result.out, "answer");
  };
  const Json wanted = boxes({"--tensor", folder + "small.npy"});
  const Json found = boxes({"--tensor", folder + "large.npy", "--mask", folder + "mask.npy"});
  CHECK(found.at("width").integer(0, 1000) == alone[3]);
  CHECK(found.at("height").integer(0, 1000) == alone[2]);
  const std::vector<Json> expected = wanted.at("detections").items();
  const std::vector<Json> objects = found.at("detections").items();
  REQUIRE(objects.size() == expected.size());
  for (const Json& object : objects) {
    for (const float side : object.at("box").floats()) CHECK(side <= 48.1F);
  }
}
