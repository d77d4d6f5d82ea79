// SPDX-License-Identifier: Apache-2.0
// The values of all calibration images at the frontier of a walk over the graph. Advancing computes
// the next values from those that are held, and lets go of what nothing ahead reads; so a whole
// walk costs one forward pass, however many stops it makes.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "values.h"
#include "vitq/graph.h"
#include "vitq/quant.h"
#include "vitq/weights.h"

namespace vitq {

class Stream {
 public:
  // Begins at the graph's only Input, whose values are `pictures`.
  Stream(const Graph& graph, ValueStore& store, std::shared_ptr<const Values> pictures,
         std::int64_t images);

  // Afterwards the values `wanted` are held. `weights` and `scheme` say how what lies between is
  // computed. A value can be wanted once it is no longer held only if something ahead reads it.
  void advance(std::span<const NodeId> wanted, const Weights& weights, const Scheme& scheme,
               int threads);

  bool holds(NodeId id) const { return held_.contains(id); }
  // f32, of the node's shape; borrows.
  Tensor value(NodeId id, std::int64_t image) const { return held_.at(id)->image(image); }
  std::int64_t images() const { return images_; }

 private:
  std::vector<NodeId> needed_for(std::span<const NodeId> wanted) const;
  bool read_ahead(NodeId id) const;
  void compute(std::span<const NodeId> outputs, const Weights& weights, const Scheme& scheme,
               int threads);

  const Graph& graph_;
  ValueStore& store_;
  std::int64_t images_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<bool> done_;
  std::map<NodeId, std::shared_ptr<const Values>> held_;
};

// The part of a scheme that speaks of nodes inside a subgraph, in its numbering.
Scheme restricted(const Scheme& scheme, const Subgraph& part);

}  // namespace vitq
