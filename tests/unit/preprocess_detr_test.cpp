// SPDX-License-Identifier: Apache-2.0
// DETR's two ways of rounding an image's size. Expected sizes: get_size_with_aspect_ratio of
// facebookresearch/detr and of transformers 5.23, run in Python.
#include <doctest/doctest.h>

#include "support/golden_images.h"
#include "vitq/error.h"
#include "vitq/preprocess.h"

using namespace vitq;
using vitq::test::GoldenImages;

namespace {

struct Case {
  int width, height;
  int facebook_width, facebook_height;
  int huggingface_width, huggingface_height;
};

void check(const char* preset, const Case& c, int width, int height) {
  CAPTURE(preset);
  CAPTURE(c.width);
  const Image image = preprocess_preset(preset, 800)->pixels(make_image(c.width, c.height));
  CHECK(image.width == width);
  CHECK(image.height == height);
}

}  // namespace

TEST_CASE("a DETR image gets the size that each implementation gives it") {
  const Case cases[] = {
      {640, 480, 1066, 800, 1066, 800}, {640, 427, 1199, 800, 1199, 800},
      {480, 640, 800, 1066, 800, 1066}, {237, 682, 463, 1332, 463, 1333},
      {907, 314, 1331, 461, 1333, 461}, {129, 955, 180, 1332, 180, 1333},
      {885, 102, 1336, 154, 1333, 154}, {109, 490, 297, 1335, 297, 1333},
      {802, 321, 1334, 534, 1332, 534},
  };
  for (const Case& c : cases) {
    check("fb-detr", c, c.facebook_width, c.facebook_height);
    check("hf-detr", c, c.huggingface_width, c.huggingface_height);
  }
}

TEST_CASE("an image too long for its shorter side to keep a pixel is refused") {
  CHECK_THROWS_AS(preprocess_preset("fb-detr", 800)->pixels(make_image(10000, 1)), LimitError);
}

TEST_CASE("processors of DETR's kin and of YOLOS give transformers' pixels") {
  const GoldenImages golden("detectors.safetensors");
  int checked = 0;
  for (const auto& [key, config] : golden.record().at("configs").members()) {
    const Preprocess steps = preprocess_from_huggingface(config);
    CHECK(Preprocess::from_json(Json::parse(steps.to_json().dump(), "a file")) == steps);
    for (const std::string& size : golden.names("pixels/" + key + "/")) {
      const std::string name = "pixels/" + key + "/" + size;
      vitq::test::check_equal(steps.pixels(golden.image("image/" + size)), golden.image(name),
                              name);
      ++checked;
    }
  }
  CHECK(checked == 42);
}

TEST_CASE("an image that has no whole patch is refused") {
  const Preprocess steps = preprocess_from_huggingface(Json::parse(
      R"({"image_processor_type": "YolosImageProcessor", "size": {"shortest_edge": 40, "longest_edge": 60}})",
      "a file"));
  CHECK_THROWS_AS((void)steps.pixels(make_image(100, 20)), LimitError);
}

TEST_CASE("a network's type names the class of a file that names none") {
  const auto of_type = [](const char* type) {
    return preprocess_from_huggingface(Json::parse("{}", "a file"), type);
  };
  for (const char* type : {"detr", "table-transformer", "conditional_detr"}) {
    CHECK(of_type(type) == *preprocess_preset("hf-detr", 800));
    CHECK(preprocess_of_huggingface(type, 800, 1066) == of_type(type));
  }
  CHECK(of_type("yolos").resize == Preprocess::Resize::kWithinYolos);
  CHECK(preprocess_of_huggingface("yolos", 512, 864) == of_type("yolos"));
}

TEST_CASE("DETR's pipelines are kept by their JSON") {
  for (const char* name : {"fb-detr", "hf-detr"}) {
    const Preprocess steps = *preprocess_preset(name, 480);
    CHECK(steps.longest == 799);
    CHECK(Preprocess::from_json(Json::parse(steps.to_json().dump(), "a file")) == steps);
  }
}

TEST_CASE("a DETR image processor is read in its old form and its new one") {
  const auto read = [](const char* text) {
    return preprocess_from_huggingface(Json::parse(text, "a file"));
  };
  const Preprocess old = read(R"({"feature_extractor_type": "DetrFeatureExtractor", "size": 800,
      "max_size": 1333, "do_resize": true, "do_normalize": true})");
  const Preprocess now = read(R"({"image_processor_type": "DetrImageProcessor", "do_pad": true,
      "size": {"shortest_edge": 800, "longest_edge": 1333}})");
  CHECK(old == *preprocess_preset("hf-detr", 800));
  CHECK(now == old);
}
