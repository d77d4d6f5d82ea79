// SPDX-License-Identifier: Apache-2.0
// One pass over the layers of a network. The float network and its quantized form run side by side.
#pragma once

#include <map>
#include <vector>

#include "calibration/stream.h"
#include "network/units.h"
#include "vitq/method.h"

namespace vitq {

// What the passes share and change.
struct WalkState {
  const Network& network;
  const std::vector<Unit>& units;
  const TokenWeightsFound& token_weights;
  ValueStore& store;
  const CalibrationImages& images;
  int threads = 1;
  bool errors = true;  // whether the report has them

  Weights weights;  // the network's, with codes in place of quantized weights
  Scheme scheme;
  std::map<NodeId, LayerDraft> drafts;  // of earlier rounds
  std::map<NodeId, LayerReport> reports;
};

class Walk {
 public:
  Walk(WalkState& state, const std::vector<RecipeStep>& steps);
  // Quantizes one layer or attention, given that all before it have been visited.
  void visit(const Unit& unit);

 private:
  void visit_layer(const Unit& unit);
  void visit_attention(const Unit& unit);
  LayerDraft start(const Unit& unit) const;
  LayerSource source_of(const Unit& unit) const;
  void add_output_tokens(const Unit& unit, LayerSource& source) const;
  Matrix targets(const Unit& unit, std::int64_t image) const;
  void keep(const Unit& unit, const LayerDraft& layer);
  void store_layer(const LayerDraft& layer);

  WalkState& state_;
  const std::vector<RecipeStep>& steps_;
  Stream float_;
  Stream quantized_;
};

}  // namespace vitq
