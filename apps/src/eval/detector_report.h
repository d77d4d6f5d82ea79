// SPDX-License-Identifier: Apache-2.0
// This is what vit_eval prints of how near a detector is to another.
#pragma once

#include <string>

#include "vitq/compare_detectors.h"

namespace vitq::apps {

struct DetectorReport {
  std::string model;
  std::string against;  // the reference
  bool each = false;    // whether JSON has the divergence of each image
  DetectorComparison comparison = {};
};

std::string to_text(const DetectorReport& report);
Json to_json(const DetectorReport& report);

}  // namespace vitq::apps
