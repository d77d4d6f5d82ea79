// SPDX-License-Identifier: Apache-2.0
// Positions for images of another size, against timm and transformers
// (tests/golden/make_positions.py).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/family.h"

using namespace vitq;
namespace fs = std::filesystem;

namespace {

const fs::path kGoldens = fs::path(VITQ_TEST_FILES) / "golden";

// What a tensor of the golden file is called: a model, and a size in pixels.
struct Asked {
  std::string model;
  ImageSize size;
};

Asked asked_of(const std::string& name) {
  const std::size_t slash = name.find('/');
  int height = 0;
  int width = 0;
  REQUIRE(std::sscanf(name.c_str() + slash, "/%dx%d", &height, &width) == 2);
  return {name.substr(0, slash), {width, height}};
}

Converted sized(const std::string& model, ImageSize size) {
  ConvertOptions options;
  options.image_size = size;
  return convert(kGoldens / "models" / model, options);
}

}  // namespace

TEST_CASE("positions are resampled as their origin does it") {
  const Weights all = read_safetensors(kGoldens / "positions.safetensors");
  REQUIRE(all.tensors.size() == 19);
  for (const auto& [name, wanted] : all.tensors) {
    CAPTURE(name);
    const Asked asked = asked_of(name);
    const Converted made = sized(asked.model, asked.size);
    const Tensor found = made.weights.at("pos_embed").to_f32();
    REQUIRE(found.shape().elements() == wanted.shape().elements());
    double worst = 0.0;
    double largest = 0.0;
    for (std::size_t i = 0; i < wanted.as<float>().size(); ++i) {
      const auto expected = static_cast<double>(wanted.as<float>()[i]);
      worst = std::max(worst, std::abs(static_cast<double>(found.as<float>()[i]) - expected));
      largest = std::max(largest, std::abs(expected));
    }
    CHECK(worst < 1e-5 * largest);
  }
}

TEST_CASE("the network and its preprocessing take the size that was asked for") {
  for (const char* name : {"timm_vit", "hf_vit", "hf_deit", "hf_clip", "timm_vit_oblong"}) {
    CAPTURE(name);
    const Converted made = sized(name, {20, 24});
    const Shape image = family(made.info.family).image_shape(made.info.config);
    CHECK(image == Shape{3, 24, 20});
    const Image white = {50, 40, std::vector<std::uint8_t>(50 * 40 * 3, 255)};
    const Image pixels = made.info.preprocess.pixels(white);
    CHECK(pixels.height == 24);
    CHECK(pixels.width == 20);
    REQUIRE(made.choices.size() == 1);
    CHECK(made.choices[0].find("to 20 x 24") != std::string::npos);
  }
}

TEST_CASE("timm's pipeline of another size crops the share that crop_pct says") {
  const Preprocess steps = sized("timm_vit", {384, 384}).info.preprocess;
  CHECK(steps.crop_height == 384);
  CHECK(steps.height == 426);  // floor(384 / 0.9)
}

TEST_CASE("DINOv2 of transformers takes the size that its processor gives") {
  for (const char* name : {"hf_dinov2", "hf_dinov2_registers"}) {
    const Converted made = convert(kGoldens / "models" / name, {});
    CHECK(family(made.info.family).image_shape(made.info.config) == Shape{3, 20, 20});
    CHECK(made.choices.size() == 1);
  }
}

TEST_CASE("sizes that cannot be are refused") {
  CHECK_THROWS_WITH_AS((void)sized("timm_vit", {18, 16}),
                       doctest::Contains("the patch does not divide the image"), FileError);
  CHECK_THROWS_WITH_AS((void)sized("hf_detr", {64, 64}), doctest::Contains("--image-size"),
                       UnsupportedError);
}
