// SPDX-License-Identifier: Apache-2.0
// Whatever annotations and results of COCO are accepted can be evaluated: all figures are shares.
// One text is both, so that results can name the images and categories beside them.
#include "fuzz/target.h"
#include "vitq/coco.h"
#include "vitq/coco_metrics.h"
#include "vitq/error.h"

void check(std::span<const std::uint8_t> input) {
  const vitq::Json json = vitq::Json::parse(as_text(input), "input");
  const vitq::CocoTruth truth = vitq::parse_coco_truth(json);
  const vitq::CocoTruth half = vitq::spread(truth, truth.images.size() / 2 + 1);
  if (half.objects.size() > truth.objects.size()) __builtin_trap();
  const auto results = vitq::parse_coco_results(json.at("results"), truth);
  for (const auto& [name, score] : figures(vitq::coco_metrics(truth, results))) {
    if (score && !(*score >= 0.0 && *score <= 1.0)) __builtin_trap();
  }
}
