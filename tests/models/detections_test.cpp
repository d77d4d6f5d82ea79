// SPDX-License-Identifier: Apache-2.0
// What a detector answers: outputs become objects as transformers' processors have it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "support/golden_images.h"
#include "vitq/model.h"

using namespace vitq;
using vitq::test::GoldenImages;

namespace {

ModelInfo named(std::vector<std::string> labels) {
  ModelInfo info;
  info.labels = std::move(labels);
  return info;
}

// What post_process_object_detection found in one image.
struct Wanted {
  std::span<const float> scores, labels, boxes;
};

void check_same(const std::vector<Detection>& found, const Wanted& wanted) {
  REQUIRE(found.size() == wanted.scores.size());
  // The origin leaves queries in their order, and ours are sorted by score.
  std::vector<std::size_t> order(found.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return wanted.scores[i]; });
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t j = order[i];
    CHECK(found[i].id == static_cast<std::int64_t>(wanted.labels[j]));
    CHECK(std::abs(found[i].score - wanted.scores[j]) < 1e-6F);
    const Box& box = found[i].box;
    const float sides[] = {box.x0, box.y0, box.x1, box.y1};
    for (std::size_t side = 0; side < 4; ++side)
      CHECK(std::abs(sides[side] - wanted.boxes[4 * j + side]) < 1e-3F);
  }
}

}  // namespace

TEST_CASE("detections are the best classes above the threshold, by falling score, in pixels") {
  const float high = std::log(8.0F);
  // Three queries, two classes and "no object": probabilities 0.8, 0.1, 0.1; none; 0.45, 0.45.
  const std::vector<float> logits = {high, 0.0F,           0.0F,           0.0F, 0.0F,
                                     high, std::log(4.5F), std::log(4.5F), 0.0F};
  const std::vector<float> boxes = {0.5F, 0.5F, 0.2F, 0.4F,  0.0F, 0.0F,
                                    1.0F, 1.0F, 0.0F, 0.25F, 0.5F, 0.5F};
  const auto found = detections(logits, boxes, named({"ant"}), {200, 100}, 0.3F);
  REQUIRE(found.size() == 2);
  CHECK(found[0].label == "ant");
  CHECK(found[0].score == doctest::Approx(0.8));
  CHECK(found[0].box.x0 == doctest::Approx(80));
  CHECK(found[0].box.y1 == doctest::Approx(70));
  CHECK(found[1].id == 0);
  CHECK(found[1].query == 2);
  CHECK(found[1].box.x0 == doctest::Approx(-50));  // not clipped
  CHECK(detections(logits, boxes, named({}), {200, 100}, 0.9F).empty());
  CHECK(detections(logits, boxes, named({""}), {200, 100}, 0.5F)[0].label == "class_0");
}

TEST_CASE("objects are those of transformers' processors, at every threshold") {
  const GoldenImages golden("detectors.safetensors");
  for (const std::string kind : {"detr", "yolos", "conditional"}) {
    ModelInfo info;
    info.scores = kind == "conditional" ? Scores::kSigmoid : Scores::kSoftmax;
    for (const std::string threshold : {"0.0", "0.3", "0.6"}) {
      for (const std::size_t image : {0U, 1U}) {
        CAPTURE(kind + " " + threshold + " " + std::to_string(image));
        const auto half = [&](const char* output) {
          const std::span<const float> both = golden.tensor(kind + "/" + output).as<float>();
          return both.subspan(image * both.size() / 2, both.size() / 2);
        };
        const std::string place = kind + "/" + threshold + "/" + std::to_string(image) + "/";
        const auto part = [&](const char* key) { return golden.tensor(place + key).as<float>(); };
        const ImageSize size = {.width = static_cast<std::int64_t>(half("sizes")[1]),
                                .height = static_cast<std::int64_t>(half("sizes")[0])};
        check_same(detections(half("logits"), half("boxes"), info, size, std::stof(threshold)),
                   {part("scores"), part("labels"), part("boxes")});
      }
    }
  }
}

TEST_CASE("classes that do not exclude each other may all be found in one box, 100 at most") {
  const std::vector<float> boxes(4 * 60, 0.5F);
  std::vector<float> logits(60 * 2, 0.0F);
  logits[7] = logits[6] = 2.0F;
  ModelInfo info = named({"ant", "bee"});
  info.scores = Scores::kSigmoid;
  const auto found = detections(logits, boxes, info, {100, 100}, 0.0F);
  REQUIRE(found.size() == 100);
  CHECK(found[0].query == 3);
  CHECK(found[0].label == "ant");
  CHECK(found[1].query == 3);
  CHECK(found[1].label == "bee");
  CHECK(found[2].query == 0);
  CHECK(std::abs(found[0].score - 0.880797F) < 1e-6F);
}
