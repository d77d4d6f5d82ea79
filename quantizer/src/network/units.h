// SPDX-License-Identifier: Apache-2.0
// The parts of a network that can be quantized, and where each of them stands. All of it is found
// from the graph, never from names.
#pragma once

#include <optional>
#include <vector>

#include "vitq/quantizer.h"

namespace vitq {

// One Linear or Conv2d, or one attention. A node that does not exist is -1.
struct Unit {
  LayerPlan plan;
  bool named = false;  // by a rule, which has decided its bits
  Role role = Role::kInner;
  NodeId operand = -1;              // what the layer reads; the queries of an attention
  NodeId key = -1;                  // of an attention
  NodeId value = -1;                // of an attention
  int query_key_bits = kDigitBits;  // of an attention
  AxisSpan output_tokens;           // which rows of one image are output tokens; may be empty
  bool output_only = false;         // nobody reads its other rows
  NodeId background = -1;           // a value with further rows like the operand's
  std::vector<std::int64_t> parts;  // sizes of results that are read apart: Q, K and V
  NodeId residual = -1;             // what is added to the results, if nothing else reads them
  NodeId stream = -1;               // the first sum of the residual stream that its errors reach
};

std::vector<Unit> find_units(const Network& network);
// Fills in the bits and bytes that options, recipe and rules give. Throws UnsupportedError as
// plan_layers does.
void decide_bits(const Network& network, const Recipe& recipe, const QuantizeOptions& options,
                 std::vector<Unit>& units);

}  // namespace vitq
