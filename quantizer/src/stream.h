// SPDX-License-Identifier: Apache-2.0
// The values of all calibration images at the frontier of a walk over the graph. Advancing computes
// the next values from those that are held, and lets go of what nothing ahead reads; so a whole
// walk costs one forward pass, however many stops it makes.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "calibration_images.h"
#include "vitq/graph.h"
#include "vitq/quant.h"
#include "vitq/weights.h"

namespace vitq {

class Stream {
 public:
  // Begins at the network's only input. The images have to outlive it.
  Stream(const Images& images, ValueStore& store);

  // Afterwards the values `wanted` are held. `weights` and `scheme` say how what lies between is
  // computed. A value can be wanted once it is no longer held only if something ahead reads it.
  void advance(std::span<const NodeId> wanted, const Weights& weights, const Scheme& scheme,
               int threads);

  bool holds(NodeId id) const { return held_.contains(id); }
  // f32, of the node's shape in that image; borrows.
  Tensor value(NodeId id, std::int64_t image) const {
    return held_.at(id)[static_cast<std::size_t>(image)];
  }
  const Images& images() const { return images_; }

 private:
  std::vector<NodeId> needed_for(std::span<const NodeId> wanted) const;
  bool read_ahead(NodeId id) const;
  Values room_for(NodeId id) const;
  void compute(std::span<const NodeId> outputs, const Weights& weights, const Scheme& scheme,
               int threads);

  const Images& images_;
  const Graph& graph_;  // of any size
  ValueStore& store_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<bool> done_;
  std::map<NodeId, Values> held_;
};

// The part of a scheme that matches of nodes inside a subgraph, in its numbering.
Scheme restricted(const Scheme& scheme, const Subgraph& part);

}  // namespace vitq
