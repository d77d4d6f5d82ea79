// SPDX-License-Identifier: Apache-2.0
// DETR's two ways of rounding an image's size. Expected sizes: get_size_with_aspect_ratio of
// facebookresearch/detr and of transformers 5.23, run in Python.
#include <doctest/doctest.h>

#include "vitq/error.h"
#include "vitq/preprocess.h"

using namespace vitq;

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
