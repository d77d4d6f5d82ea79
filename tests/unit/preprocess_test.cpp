// SPDX-License-Identifier: Apache-2.0
// The pipelines against timm, torchvision and transformers; their descriptions in JSON, good and
// bad.
#include "vitq/preprocess.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "support/golden_images.h"
#include "vitq/error.h"

using namespace vitq;
using namespace vitq::test;

namespace {

Json parse(const std::string& text) {
  return Json::parse(text, "p.json");
}

std::string fnv1a(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t value = 0xCBF29CE484222325U;
  for (const std::uint8_t byte : bytes) value = (value ^ byte) * 0x100000001B3U;
  char text[17];
  std::snprintf(text, sizeof(text), "%016" PRIx64, value);
  return text;
}

}  // namespace

TEST_CASE("every preset gives the pixels of its reference implementation") {
  const GoldenImages golden;
  for (const std::string& name : golden.names("preset/")) {
    const std::vector<std::string> parts = split(name, '/');
    const auto preset = preprocess_preset(parts[0], std::stoi(parts[1]));
    REQUIRE(preset);
    check_equal(preset->pixels(golden.image("image/" + parts[2])), golden.image("preset/" + name),
                name);
  }
}

TEST_CASE("every preset gives the reference's pixels at 224 and 384, by checksum") {
  const GoldenImages golden;
  int checked = 0;
  for (const auto& member : golden.record().members()) {
    const std::string& key = member.first;
    const std::vector<std::string> parts = split(key, '/');
    if (parts[0] != "checksum") continue;
    const auto preset = preprocess_preset(parts[1], std::stoi(parts[2]));
    REQUIRE(preset);
    const Image found = preset->pixels(golden.image("image/" + parts[3]));
    CHECK_MESSAGE(fnv1a(found.rgb) == member.second.string(), key);
    ++checked;
  }
  // DETR's are resize alone, to the sizes of preprocess_detr_test.cpp.
  const auto presets = preprocess_presets();
  const auto square = std::count_if(presets.begin(), presets.end(),
                                    [](std::string_view name) { return !name.ends_with("-detr"); });
  REQUIRE(square > 0);
  CHECK(checked == 2 * 2 * square);
}

TEST_CASE("configurations of timm and transformers give their pixels") {
  const GoldenImages golden;
  const Json record = golden.record();
  for (const std::string source : {"timm", "huggingface"}) {
    for (const std::string& name : golden.names(source + "/")) {
      const std::vector<std::string> parts = split(name, '/');
      const Json config = parse(record.at(source + "/" + parts[0]).string());
      const Preprocess found =
          source == "timm" ? preprocess_from_timm(config) : preprocess_from_huggingface(config);
      check_equal(found.pixels(golden.image("image/" + parts[1])),
                  golden.image(source + "/" + name), name);
    }
  }
}

TEST_CASE("normalized values are PyTorch's, and transformers' to the last bits") {
  const GoldenImages golden;
  for (const std::string& name : golden.names("normalized/")) {
    const std::vector<std::string> parts = split(name, '/');
    const auto preset = preprocess_preset(parts[0], std::stoi(parts[1]));
    REQUIRE(preset);
    const Image pixels = preset->pixels(golden.image("image/" + parts[2]));
    const Tensor found = normalize({&pixels, 1}, *preset);
    CHECK(found.shape() == Shape{1, 3, 16, 16});
    // NumPy multiplies by 1/255 where PyTorch divides: a few units in the last place at 2.6.
    const float tolerance = parts[0].starts_with("hf") ? 1e-6F : 0.0F;
    const std::span<const float> expected = golden.tensor("normalized/" + name).as<float>();
    CHECK_MESSAGE(
        std::ranges::equal(found.as<float>(), expected,
                           [&](float a, float b) { return std::abs(a - b) <= tolerance; }),
        name);
  }
}

TEST_CASE("values of transformers' configurations are its own, whatever their scale") {
  const GoldenImages golden;
  for (const std::string& key : golden.names("values/")) {
    const Json config = parse(golden.record().at("values/" + key).string());
    const Preprocess steps = preprocess_from_huggingface(config);
    const Image pixels = steps.pixels(golden.image("image/37x53"));
    const Tensor found = normalize({&pixels, 1}, steps);
    // NumPy multiplies pixels by another factor first: a few units in the last place of the sum.
    const std::span<const float> expected = golden.tensor("values/" + key).as<float>();
    const auto magnitude = [](float a, float b) { return std::abs(a) < std::abs(b); };
    const float largest = std::abs(*std::ranges::max_element(expected, magnitude));
    CHECK_MESSAGE(
        std::ranges::equal(found.as<float>(), expected,
                           [&](float a, float b) { return std::abs(a - b) <= 1e-6F * largest; }),
        key);
  }
}

TEST_CASE("a batch holds its images one after another, of one size") {
  Image black = make_image(3, 2);
  Image white = make_image(3, 2);
  white.rgb.assign(white.rgb.size(), 255);
  Preprocess plain;
  plain.mean.fill(0.0F);
  plain.std.fill(1.0F);
  const std::vector<Image> images = {black, white};
  const Tensor batch = normalize(images, plain);
  CHECK(batch.shape() == Shape{2, 3, 2, 3});
  CHECK(batch.as<float>()[17] == 0.0F);
  CHECK(batch.as<float>()[18] == 1.0F);
  const std::vector<Image> mixed = {black, make_image(2, 3)};
  CHECK_THROWS_AS((void)normalize(mixed, plain), ShapeError);
  CHECK_THROWS_AS((void)normalize({}, plain), ShapeError);
}

TEST_CASE("an image so long that nothing is left of its shorter side is refused") {
  for (const char* text : {R"({"size": {"max_height": 10, "max_width": 10}})",
                           R"({"size": {"shortest_edge": 10, "longest_edge": 10}})"}) {
    const Preprocess steps = preprocess_from_huggingface(parse(text));
    CHECK_THROWS_AS((void)steps.pixels(make_image(21, 1)), LimitError);
    CHECK_NOTHROW((void)steps.pixels(make_image(10, 1)));
  }
  const Preprocess around = preprocess_from_timm(parse(R"({"input_size": [3, 224, 192]})"));
  CHECK_THROWS_AS((void)around.pixels(make_image(1, 16384)), LimitError);
}

TEST_CASE("an image so long that its resized form would be enormous is refused") {
  const auto preset = preprocess_preset("timm-vit", 224);
  CHECK_THROWS_AS((void)preset->pixels(make_image(1, 16384)), LimitError);
}

TEST_CASE("the canonical form returns every configuration unchanged") {
  const GoldenImages golden;
  const Json record = golden.record();
  for (const auto& [key, config] : record.members()) {
    const bool timm = key.starts_with("timm/");
    if (!timm && !key.starts_with("huggingface/") && !key.starts_with("values/")) continue;
    const Preprocess found = timm ? preprocess_from_timm(parse(config.string()))
                                  : preprocess_from_huggingface(parse(config.string()));
    CHECK_MESSAGE(Preprocess::from_json(parse(found.to_json().dump())) == found, key);
  }
}

TEST_CASE("the canonical form returns every preset unchanged") {
  for (const std::string_view name : preprocess_presets()) {
    const auto preset = preprocess_preset(name, 224);
    REQUIRE(preset);
    CHECK(Preprocess::from_json(parse(preset->to_json().dump())) == *preset);
  }
  CHECK_FALSE(preprocess_preset("timm-resnet", 224));
  CHECK_THROWS_AS((void)preprocess_preset("hf-vit", 0), LimitError);
  CHECK_THROWS_AS((void)preprocess_preset("hf-vit", 1 << 30), LimitError);
}

TEST_CASE("a timm configuration may stand inside of a config.json") {
  const Preprocess found = preprocess_from_timm(parse(
      R"({"architecture": "vit", "pretrained_cfg": {"input_size": [3, 224, 224], "crop_pct": 0.9,
          "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic"}})"));
  CHECK(found == *preprocess_preset("timm-vit", 224));
}
