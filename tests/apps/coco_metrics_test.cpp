// SPDX-License-Identifier: Apache-2.0
// The figures of fixed detections against those of pycocotools (tests/golden/make_coco.py).
#include "vitq/coco_metrics.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "coco_match.h"
#include "support/coco_figures.h"

using namespace vitq;

TEST_CASE("the figures of synthetic detections are those of pycocotools") {
  const auto path = std::filesystem::path(VITQ_TEST_FILES) / "golden" / "coco" / "cases.json";
  const auto cases = Json::read(path).members();
  CHECK(cases.size() == 3);
  for (const auto& [name, scene] : cases) {
    CAPTURE(name);
    const CocoTruth truth = parse_coco_truth(scene.at("truth"));
    const auto results = parse_coco_results(scene.at("results"), truth);
    test::check_figures(coco_metrics(truth, results), scene.at("figures"));
  }
}

TEST_CASE("without detections every figure is 0, without objects there is none") {
  CocoTruth truth;
  truth.images = {{1, "a.jpg", 0, 0}};
  truth.categories = {{3, "cat"}, {4, "dog"}};
  CHECK_FALSE(coco_metrics(truth, {}).ap);
  truth.objects = {{1, 3, {0, 0, 10, 10}, 100.0, false}};
  const CocoMetrics metrics = coco_metrics(truth, {});
  CHECK(metrics.ap == 0.0);
  CHECK(metrics.ar_small == 0.0);
  CHECK_FALSE(metrics.ap_large);
  CHECK(metrics.category_ap == std::vector<Score>{0.0, std::nullopt});
}

TEST_CASE("an annotation of id 0 is found as any other") {
  CocoTruth truth;
  truth.images = {{0, "a.jpg", 0, 0}};
  truth.categories = {{0, "cat"}};
  truth.objects = {{0, 0, {0, 0, 10, 10}, 100.0, false}};
  const std::vector<CocoResult> results = {{0, 0, {0, 0, 10, 10}, 0.5}};
  CHECK(*coco_metrics(truth, results).ap == doctest::Approx(1.0).epsilon(1e-12));
}

TEST_CASE("overlaps are shares of the union, with crowds of the detection") {
  CHECK(overlap({0, 0, 10, 10}, {5, 0, 10, 10}, false) == doctest::Approx(50.0 / 150.0));
  CHECK(overlap({0, 0, 10, 10}, {5, 0, 10, 10}, true) == doctest::Approx(0.5));
  CHECK(overlap({0, 0, 10, 10}, {10, 0, 10, 10}, false) == 0.0);
  CHECK(overlap({0, 0, 0, 0}, {0, 0, 0, 0}, false) == 0.0);
}
