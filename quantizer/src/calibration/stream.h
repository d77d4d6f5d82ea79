// SPDX-License-Identifier: Apache-2.0
// The values of all calibration images at the frontier of a walk over the graph. Advancing computes
// the next values from those that are held, and frees what nothing ahead reads. A whole walk costs
// one forward pass, however many stops it makes.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "calibration/calibration_images.h"
#include "vitq/graph.h"
#include "vitq/quant.h"
#include "vitq/weights.h"

namespace vitq {

class Stream {
 public:
  // Begins at the network's only input. The images have to outlive the stream.
  Stream(const CalibrationImages& images, ValueStore& store);

  // Computes the values `wanted`, and holds them until the next call. `weights` and `scheme` say
  // how the nodes up to there are computed. A value that has been freed cannot be wanted again.
  void advance(std::span<const NodeId> wanted, const Weights& weights, const Scheme& scheme,
               int threads);

  bool holds(NodeId id) const { return held_.contains(id); }
  // Borrows the value: f32, of the node's shape in that image.
  Tensor value(NodeId id, std::int64_t image) const {
    return held_.at(id)[static_cast<std::size_t>(image)];
  }

 private:
  std::vector<NodeId> needed_for(std::span<const NodeId> wanted) const;
  bool read_ahead(NodeId id) const;
  Values room_for(NodeId id) const;
  void compute(std::span<const NodeId> outputs, const Weights& weights, const Scheme& scheme,
               int threads);

  const CalibrationImages& images_;
  const Graph& graph_;  // traced for any one size
  ValueStore& store_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<bool> done_;
  std::map<NodeId, Values> held_;
};

// Lowers a part of a network, by what the network's scheme says of its nodes. The output tokens are
// the network's, as a part's own outputs do not tell.
Plan lower_part(const Graph& network, const Subgraph& part, const Weights& weights,
                const Scheme& scheme, LowerOptions options);

}  // namespace vitq
