// SPDX-License-Identifier: Apache-2.0
// This is what vit_eval prints of its counts.
#pragma once

#include <optional>
#include <string>

#include "vitq/compare_models.h"

namespace vitq::apps {

struct Evaluation {
  std::string model;
  std::string against;  // the reference; empty: there is none
  bool labelled = true;
  bool each = false;  // whether JSON has the divergence of each image
  Accuracy accuracy = {};
  Accuracy reference = {};
  Comparison comparison = {};
};

std::string to_text(const Evaluation& evaluation);
Json to_json(const Evaluation& evaluation);

}  // namespace vitq::apps
