// SPDX-License-Identifier: Apache-2.0
// Which rows of each node the outputs read, and the graph that computes only those.
#pragma once

#include <optional>
#include <vector>

#include "vitq/graph.h"
#include "vitq/quant.h"

namespace vitq {

// The axis of tokens in [N, tokens, C].
constexpr int kTokens = 1;

// For every node the rows that the outputs depend on; nothing where that is all of it.
std::vector<std::optional<AxisSpan>> rows_read(const Graph& graph);

// A graph with the same outputs, and for each of its nodes the one it came from.
struct Pruned {
  Graph graph;
  std::vector<NodeId> origin;
};

// Moves the slices that the outputs read up through everything that works row by row, so that rows
// nobody reads are not computed. After the last attention of a ViT that leaves the class row.
Pruned prune(const Graph& graph);

}  // namespace vitq
