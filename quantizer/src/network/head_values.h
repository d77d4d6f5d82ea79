// SPDX-License-Identifier: Apache-2.0
// The values of an attention, from the layer that makes them to the one that reads what the
// attention makes of them. All of it is found from the graph, never from names.
#pragma once

#include <vector>

#include "vitq/graph.h"

namespace vitq {

// Nothing but these nodes would notice if the channels of a head were others.
struct HeadValues {
  NodeId writer = 0;  // Linear, of which [begin, begin + heads * dim) are values
  std::int64_t begin = 0;
  std::int64_t heads = 1;
  std::int64_t dim = 1;  // of one head
  NodeId product = 0;    // of probabilities and values, [N, heads, tokens, dim]
  NodeId reader = 0;     // Linear
};

std::vector<HeadValues> head_values(const Graph& graph);

}  // namespace vitq
