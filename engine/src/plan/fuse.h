// SPDX-License-Identifier: Apache-2.0
// Which element-wise nodes are computed by the epilogue of the product that feeds them.
#pragma once

#include <optional>
#include <vector>

#include "vitq/lower.h"
#include "vitq/plan.h"

namespace vitq {

// A Linear or Conv2d and what its epilogue takes over.
struct Fusion {
  NodeId root = 0;                 // the product
  std::optional<NodeId> residual;  // the other operand of an absorbed Add
  Act act = Act::kNone;            // an absorbed Activate
};

// For every node that a fused step stores, that fusion; for every absorbed node before it, and for
// all other nodes, nothing. `absorbed[id]` tells the two apart.
struct Fusions {
  std::vector<std::optional<Fusion>> at;
  std::vector<bool> absorbed;
};

Fusions fuse(const Graph& graph, const LowerOptions& options);

}  // namespace vitq
