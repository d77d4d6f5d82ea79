// SPDX-License-Identifier: Apache-2.0
// The residual stream of a network that normalizes before each layer: who writes it and who reads
// it. All of it is found from the graph, never from names.
#pragma once

#include <vector>

#include "vitq/graph.h"

namespace vitq {

// What reads a LayerNorm of the stream.
struct NormReaders {
  NodeId norm = 0;
  std::vector<NodeId> layers;  // Linear
};

// Nothing but these nodes would notice if the channels of the stream were others. Every weight
// among them has one reader.
struct ResidualStream {
  std::int64_t width = 0;
  std::vector<NodeId> writers;     // Linear, or Conv2d, whose channels are axis 1 of its result
  std::vector<NodeId> parameters;  // added to it, or beside other tokens of it
  std::vector<NodeId> readers;     // Linear, without a LayerNorm between
  std::vector<NormReaders> norms;
};

// All there are; those with outputs of the network in them are none.
std::vector<ResidualStream> residual_streams(const Graph& graph);

}  // namespace vitq
