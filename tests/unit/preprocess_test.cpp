// SPDX-License-Identifier: Apache-2.0
// The pipelines against timm, torchvision and transformers; their descriptions in JSON, good and
// bad.
#include "vitq/preprocess.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <limits>

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

// The canonical form with one member replaced; an empty value removes it.
std::string changed(const std::string& key, const std::string& value) {
  std::string text = "{";
  for (const auto& [name, member] : preprocess_preset("fb-deit", 224)->to_json().members()) {
    if (name != key) text += "\"" + name + "\": " + member.dump() + ", ";
  }
  if (value.empty()) return text.substr(0, text.size() - 2) + "}";
  return text + "\"" + key + "\": " + value + "}";
}

template <typename Read>
std::string message_of(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
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

TEST_CASE("an image so long that its resized form would be enormous is refused") {
  const auto preset = preprocess_preset("timm-vit", 224);
  CHECK_THROWS_AS((void)preset->pixels(make_image(1, 16384)), LimitError);
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

TEST_CASE("a canonical form that is incomplete, contradictory or out of range is refused") {
  const std::pair<const char*, const char*> kBad[] = {
      {"resize", "\"longest_edge\""},
      {"resize", ""},
      {"resize", "1"},
      {"height", "0"},
      {"height", "8193"},
      {"width", "100"},
      {"width", "224.0"},
      {"filter", "\"lanczos\""},
      {"crop_height", "-1"},
      {"crop_height", "0"},
      {"crop_offset", "\"ceil\""},
      {"mean", "[0.5, 0.5]"},
      {"mean", "[0.5, 0.5, 1e39]"},
      {"mean", "[0.5, \"0.5\", 0.5]"},
      {"std", "[0.5, 0.5, 0.0]"},
      {"std", "[0.5, -1, 0.5]"},
      {"std", "0"},
      {"std", "1e-60"},
      {"std", "null"},
      {"padding", "3"},
  };
  CHECK_NOTHROW((void)Preprocess::from_json(parse(changed("height", "256"))));
  for (const auto& bad : kBad) {
    const std::string key = bad.first;
    const std::string value = bad.second;
    const std::string message =
        message_of([&] { (void)Preprocess::from_json(parse(changed(key, value))); });
    CHECK_MESSAGE(message.starts_with("p.json"), key << ": " << value << " gave " << message);
  }
  CHECK_THROWS_AS((void)Preprocess::from_json(parse("[]")), FileError);
}

TEST_CASE("what a transformers configuration asks for and we cannot do is refused by name") {
  const std::pair<const char*, const char*> kUnsupported[] = {
      {R"({"image_processor_type": "CLIPImageProcessor"})", "CLIPImageProcessor"},
      {R"({"resample": 1})", "lanczos"},
      {R"({"rescale_factor": 0.00784313725})", "1/255"},
      {R"({"do_rescale": false})", "1/255"},
      {R"({"do_pad": true})", "do_pad"},
      {R"({"crop_pct": 0.9})", "crop_pct"},
      {R"({"size": {"shortest_edge": 800, "longest_edge": 1333}})", "longest edge"},
  };
  for (const auto& unsupported : kUnsupported) {
    const std::string text = unsupported.first;
    const std::string part = unsupported.second;
    CHECK_THROWS_AS((void)preprocess_from_huggingface(parse(text)), UnsupportedError);
    const std::string message = message_of([&] { (void)preprocess_from_huggingface(parse(text)); });
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
  }
}

TEST_CASE("malformed transformers configurations are refused") {
  for (const char* text :
       {R"({"size": 0})", R"({"size": "224"})", R"({"size": {"height": 224}})",
        R"({"size": [224, 224]})", R"({"resample": 6})", R"({"resample": "bicubic"})",
        R"({"do_resize": 1})", R"({"do_center_crop": true})", R"({"image_std": [0.5, 0.5, 0]})",
        R"({"image_std": 0})", R"({"image_mean": [0.5]})", R"({"image_processor_type": 3})",
        R"({"crop_size": 9000, "do_center_crop": true})", R"(["size"])"}) {
    CHECK_THROWS_AS_MESSAGE((void)preprocess_from_huggingface(parse(text)), FileError, text);
  }
}

TEST_CASE("timm configurations that are malformed or beyond us are refused") {
  for (const char* text :
       {R"({"input_size": [3, 224]})", R"({"input_size": 224})", R"({"input_size": [3, 0, 224]})",
        R"({"crop_pct": 0})", R"({"crop_pct": -1})", R"({"crop_pct": 1e-9})",
        R"({"std": [1, 1, 0]})", R"({"interpolation": 3})", "[]"}) {
    CHECK_THROWS_AS_MESSAGE((void)preprocess_from_timm(parse(text)), FileError, text);
  }
  for (const char* text : {R"({"input_size": [1, 224, 224]})", R"({"interpolation": "lanczos"})",
                           R"({"crop_mode": "border"})", R"({"input_size": [3, 224, 256]})"}) {
    CHECK_THROWS_AS_MESSAGE((void)preprocess_from_timm(parse(text)), UnsupportedError, text);
  }
}

TEST_CASE("a timm configuration may stand inside of a config.json") {
  const Preprocess found = preprocess_from_timm(parse(
      R"({"architecture": "vit", "pretrained_cfg": {"input_size": [3, 224, 224], "crop_pct": 0.9,
          "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic"}})"));
  CHECK(found == *preprocess_preset("timm-vit", 224));
}
