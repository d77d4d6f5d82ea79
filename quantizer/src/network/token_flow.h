// SPDX-License-Identifier: Apache-2.0
// Tells how tokens flow through a graph. Some values hold all tokens, some nodes cut output tokens
// out of them, and others sum up the residual stream.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "vitq/graph.h"
#include "vitq/quant.h"

namespace vitq {

class TokenFlow {
 public:
  // Keeps a reference to the graph.
  explicit TokenFlow(const Graph& graph);

  // Where the output tokens lie on axis 1 of this value, if it holds every token.
  std::optional<AxisSpan> output_tokens(NodeId id) const;
  // Where they lie among so many tokens, if those are all.
  std::optional<AxisSpan> output_tokens_among(std::int64_t tokens) const;
  // Whether the other tokens have been cut away on the way to this value.
  bool cut(NodeId id) const { return cut_[at(id)]; }
  // Whether only the output tokens of this value have an effect on the outputs.
  bool output_only(NodeId id) const;
  // The value with all tokens that this one was cut out of, or -1.
  NodeId uncut(NodeId id) const;
  // The first sum of the residual stream that a change of this value reaches, or -1.
  NodeId stream_after(NodeId id) const;
  // The sums of the residual stream where other tokens than the output ones matter, too.
  std::vector<NodeId> stream() const;
  const std::vector<NodeId>& readers(NodeId id) const { return readers_[at(id)]; }

 private:
  bool cuts(NodeId id) const;
  bool keeps_tokens(NodeId reader, NodeId id) const;
  bool in_stream(NodeId id) const;

  const Graph& graph_;
  std::vector<std::vector<NodeId>> readers_;
  std::optional<AxisSpan> output_tokens_;
  std::int64_t tokens_ = 0;  // of a value that holds every token
  std::vector<bool> cut_;
};

// The first node for which `is` holds among all that a value reaches, or -1.
NodeId first_reached(const std::vector<std::vector<NodeId>>& readers, NodeId id,
                     const std::function<bool(NodeId)>& is);

// Whether a node sums up two values of its own shape that depend on the image, as residual
// connections do.
bool is_residual_sum(const Graph& graph, NodeId id);

}  // namespace vitq
