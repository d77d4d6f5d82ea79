// SPDX-License-Identifier: Apache-2.0
// This computes the twelve figures of a detector on COCO as COCOeval of pycocotools 2.0 does for
// boxes. There is one difference: there, a match with the annotation of id 0 passes for none.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "vitq/coco.h"

namespace vitq {

// It is nothing where there is no object to find. pycocotools says -1.
using Score = std::optional<double>;

// All are from 0 to 1. They are means over categories and, but for ap50 and ap75, over the overlaps
// 0.50 to 0.95. An object is small below 32 x 32 pixels of its own area and large above 96 x 96.
struct CocoMetrics {
  Score ap, ap50, ap75;  // average precision: at 101 values of recall
  Score ap_small, ap_medium, ap_large;
  Score ar1, ar10, ar100;               // recall with so many detections per image and category
  Score ar_small, ar_medium, ar_large;  // with 100
  std::vector<Score> category_ap;       // of each category of the annotations
};

// Answers all but the last by name, in this order: "AP", "AP50", ..., "AP_small", ..., "AR1", ...
std::vector<std::pair<std::string, Score>> figures(const CocoMetrics& metrics);

// Where scores are equal, images go by rising id and results in their order. It takes memory in
// proportion to results and objects.
CocoMetrics coco_metrics(const CocoTruth& truth, std::span<const CocoResult> results);

}  // namespace vitq
