// SPDX-License-Identifier: Apache-2.0
// This tells which bits the layers of a quantized model file have.
#pragma once

#include <string>
#include <vector>

#include "vitq/graph.h"
#include "vitq/json.h"
#include "vitq/weights.h"

namespace vitq::apps {

// What layers or attentions have in common.
struct StoredBits {
  std::string bits;  // "w4a4 (output tokens a8)"
  int sites = 0;     // how many layers and attentions have them
  int clipped = 0;   // how many of these clip the ranges of their rows
};

// In the order in which they come up first. `scheme` is the model file's, of this graph.
std::vector<StoredBits> stored_bits(const Graph& graph, const Weights& weights, const Json& scheme);
// "w8a8: 2, w4a4 (output tokens a8): 28, of which 28 clip rows".
std::string to_text(const std::vector<StoredBits>& bits);
Json to_json(const std::vector<StoredBits>& bits);

}  // namespace vitq::apps
