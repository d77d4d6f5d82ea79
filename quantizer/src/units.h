// SPDX-License-Identifier: Apache-2.0
// What of a graph can be quantized, and where each piece stands: found from the graph alone, never
// from names.
#pragma once

#include <optional>
#include <vector>

#include "vitq/quantizer.h"

namespace vitq {

// One Linear or Conv2d, or one attention.
struct Unit {
  LayerPlan plan;
  Role role = Role::kInner;
  NodeId operand = -1;        // what the layer reads; of an attention the queries
  NodeId key = -1;            // of an attention
  NodeId value = -1;          // of an attention
  AxisSpan output_tokens;     // rows of one image that are output; empty if none is
  bool special_only = false;  // nobody reads its other rows
  NodeId background = -1;     // where rows of the same kind as the operand's, but all, are found
  std::vector<std::int64_t> parts;  // extents of the results that are read apart: Q, K and V
  NodeId residual = -1;             // what is added to the results, if nothing else reads them
  NodeId stream = -1;               // the sum of the residual stream that its errors reach first
};

std::vector<Unit> find_units(const Network& network);
// Fills in what rules and recipe say of bits. Throws UnsupportedError.
void decide_bits(const Network& network, const Recipe& recipe, const QuantizeOptions& options,
                 std::vector<Unit>& units);

}  // namespace vitq
