// SPDX-License-Identifier: Apache-2.0
// How near one detector is to another: figures worked out by hand, and a network against itself.
#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "run.h"
#include "vitq/compare_detectors.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// Two queries over two classes and "no object". One is sure of class 0, one of nothing.
constexpr std::array<float, 6> kLogits = {5.0F, 0.0F, 0.0F, 0.0F, 0.0F, 5.0F};
constexpr std::array<float, 8> kBoxes = {0.5F, 0.5F, 0.4F, 0.4F, 0.2F, 0.2F, 0.2F, 0.2F};

DetectorComparison compared(std::span<const float> logits, std::span<const float> boxes,
                            Scores scores = Scores::kSoftmax) {
  ModelInfo info;
  info.scores = scores;
  DetectorComparison sums;
  sums.add({kLogits, kBoxes}, {logits, boxes}, info);
  return sums;
}

}  // namespace

TEST_CASE("a detector that answers alike finds the same objects") {
  const DetectorComparison same = compared(kLogits, kBoxes);
  CHECK(same.images == 1);
  CHECK(same.queries == 2);
  CHECK(same.agreeing == 2);
  CHECK(same.objects == 1);
  CHECK(same.found == 1);
  CHECK(same.further == 0);
  CHECK(same.divergence == 0.0);
  CHECK(same.box_error == 0.0);
  CHECK(same.error_energy == 0.0);
  CHECK(same.reference_energy == 50.0);
}

TEST_CASE("an object is found again by another query, if class and place are the same") {
  const std::array<float, 6> swapped = {0.0F, 0.0F, 5.0F, 5.0F, 0.0F, 0.0F};
  const std::array<float, 8> boxes = {0.2F, 0.2F, 0.2F, 0.2F, 0.5F, 0.5F, 0.4F, 0.4F};
  const DetectorComparison other_query = compared(swapped, boxes);
  CHECK(other_query.found == 1);
  CHECK(other_query.further == 0);
  CHECK(other_query.agreeing == 0);
  CHECK(other_query.box_error == doctest::Approx(2.0));

  const std::array<float, 6> other_class = {0.0F, 5.0F, 0.0F, 0.0F, 0.0F, 5.0F};
  CHECK(compared(other_class, kBoxes).found == 0);
  CHECK(compared(other_class, kBoxes).further == 1);

  // Moved by half its width, a box overlaps by a third; by a quarter, by three fifths.
  std::array<float, 8> moved = kBoxes;
  moved[0] = 0.7F;
  CHECK(compared(kLogits, moved).found == 0);
  moved[0] = 0.6F;
  CHECK(compared(kLogits, moved).found == 1);
}

TEST_CASE("an object is found once, however many boxes there are") {
  const std::array<float, 6> twice = {5.0F, 0.0F, 0.0F, 5.0F, 0.0F, 0.0F};
  const std::array<float, 8> boxes = {0.5F, 0.5F, 0.4F, 0.4F, 0.5F, 0.5F, 0.4F, 0.4F};
  CHECK(compared(twice, boxes).found == 1);
  CHECK(compared(twice, boxes).further == 1);
}

TEST_CASE("the divergence of queries is that of their kind of scores") {
  std::array<float, 6> logits = kLogits;
  logits[0] = 4.0F;
  const double before = 5.0 - std::log(std::exp(5.0) + 2.0);
  const double after = 4.0 - std::log(std::exp(4.0) + 2.0);
  const double p = std::exp(before);
  const double rest = (1.0 - p) * (std::log(1.0 - p) - std::log(1.0 - std::exp(after)));
  const DetectorComparison softmax = compared(logits, kBoxes);
  CHECK(softmax.divergence == doctest::Approx(p * (before - after) + rest));
  CHECK(softmax.divergences.at(0) == doctest::Approx(softmax.divergence / 2.0));
  CHECK(softmax.error_energy == 1.0);
  const DetectorComparison sigmoid = compared(logits, kBoxes, Scores::kSigmoid);
  CHECK(sigmoid.divergence != doctest::Approx(softmax.divergence));
  CHECK(sigmoid.divergence > 0.0);
}

TEST_CASE("vit_eval compares a detector with itself, in text and JSON") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  fs::create_directories(temp.path() / "images");
  for (int i = 0; i < 3; ++i) write_image(temp, "images/" + std::to_string(i) + ".png", i);
  const std::string images = (temp.path() / "images").string();
  const Result json =
      run("vit_eval", {model, "--against", model, "--images", images, "-f", "json"});
  REQUIRE_MESSAGE(json.code == 0, json.err);
  const Json against = Json::parse(json.out, "report").at("against");
  CHECK(!against.find("logit_snr_db"));
  CHECK(against.at("agreement").number() == 100.0);
  CHECK(against.at("kl").number() == 0.0);
  CHECK(against.at("found").number() == against.at("objects").number());
  CHECK(!against.contains("kl_of_each"));
  const Result text =
      run("vit_eval", {model, "--against", model, "--images", images, "--limit", "2"});
  REQUIRE_MESSAGE(text.code == 0, text.err);
  for (const char* part : {"images                 2", "agreement of queries", "mean box error"}) {
    CHECK_MESSAGE(text.out.find(part) != std::string::npos, text.out);
  }
}
