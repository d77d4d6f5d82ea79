// SPDX-License-Identifier: Apache-2.0
#include "network/token_flow.h"

#include <algorithm>
#include <set>

namespace vitq {

TokenFlow::TokenFlow(const Graph& graph)
    : graph_(graph),
      readers_(graph.readers()),
      output_tokens_(vitq::output_tokens(graph)),
      cut_(at(graph.size()), false) {
  if (!output_tokens_) return;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const auto* slice = std::get_if<op::Slice>(&graph[id].op);
    const bool within = slice != nullptr && slice->axis == output_tokens_->axis &&
                        slice->begin >= output_tokens_->begin && slice->end <= output_tokens_->end;
    if (within) tokens_ = std::max(tokens_, graph[graph[id].inputs[0]].shape[output_tokens_->axis]);
  }
  for (NodeId id = 0; id < graph.size(); ++id) {
    const std::vector<NodeId>& inputs = graph[id].inputs;
    cut_[at(id)] = cuts(id) || std::any_of(inputs.begin(), inputs.end(),
                                           [&](NodeId input) { return cut(input); });
  }
}

// Tells whether the node cuts output tokens out of all tokens.
bool TokenFlow::cuts(NodeId id) const {
  const auto* slice = std::get_if<op::Slice>(&graph_[id].op);
  return slice != nullptr && output_tokens_ && slice->axis == output_tokens_->axis &&
         slice->begin >= output_tokens_->begin && slice->end <= output_tokens_->end &&
         output_tokens(graph_[id].inputs[0]).has_value();
}

std::optional<AxisSpan> TokenFlow::output_tokens(NodeId id) const {
  const Shape& shape = graph_[id].shape;
  const bool tokens = output_tokens_ && shape.rank() == 3 && shape[output_tokens_->axis] == tokens_;
  return tokens ? output_tokens_ : std::nullopt;
}

std::optional<AxisSpan> TokenFlow::output_tokens_among(std::int64_t tokens) const {
  return output_tokens_ && tokens == tokens_ ? output_tokens_ : std::nullopt;
}

// Tells whether the reader computes each token from the same token of this value.
bool TokenFlow::keeps_tokens(NodeId reader, NodeId id) const {
  const Node& node = graph_[reader];
  if (!output_tokens(reader)) return false;
  if (std::holds_alternative<op::Linear>(node.op) ||
      std::holds_alternative<op::LayerNorm>(node.op)) {
    return node.inputs[0] == id;
  }
  return std::holds_alternative<op::Activate>(node.op) ||
         std::holds_alternative<op::Scale>(node.op) || std::holds_alternative<op::Sine>(node.op) ||
         std::holds_alternative<op::Add>(node.op) || std::holds_alternative<op::Multiply>(node.op);
}

bool TokenFlow::output_only(NodeId id) const {
  if (!output_tokens(id) || readers(id).empty()) return false;
  for (const GraphOutput& output : graph_.outputs()) {
    if (output.node == id) return false;
  }
  const std::vector<NodeId>& all = readers(id);
  return std::all_of(all.begin(), all.end(), [&](NodeId reader) {
    return cuts(reader) || (keeps_tokens(reader, id) && output_only(reader));
  });
}

NodeId TokenFlow::uncut(NodeId id) const {
  while (!cuts(id)) {
    if (!std::holds_alternative<op::Reshape>(graph_[id].op)) return -1;
    id = graph_[id].inputs[0];
  }
  return graph_[id].inputs[0];
}

bool TokenFlow::in_stream(NodeId id) const {
  return output_tokens(id) && is_residual_sum(graph_, id);
}

NodeId TokenFlow::stream_after(NodeId id) const {
  return first_reached(readers_, id, [this](NodeId next) { return in_stream(next); });
}

std::vector<NodeId> TokenFlow::stream() const {
  std::vector<NodeId> sums;
  for (NodeId id = 0; id < graph_.size(); ++id) {
    if (in_stream(id) && !output_only(id)) sums.push_back(id);
  }
  return sums;
}

NodeId first_reached(const std::vector<std::vector<NodeId>>& readers, NodeId id,
                     const std::function<bool(NodeId)>& is) {
  const auto readers_of = [&](NodeId n) -> const auto& {
    return readers[at(n)];
  };
  std::set<NodeId> reached(readers_of(id).begin(), readers_of(id).end());
  while (!reached.empty()) {
    const NodeId next = *reached.begin();
    if (is(next)) return next;
    reached.erase(reached.begin());
    reached.insert(readers_of(next).begin(), readers_of(next).end());
  }
  return -1;
}

bool is_residual_sum(const Graph& graph, NodeId id) {
  const Node& node = graph[id];
  if (!std::holds_alternative<op::Add>(node.op)) return false;
  return std::ranges::all_of(node.inputs, [&](NodeId input) {
    return !is_constant(graph[input]) && graph[input].shape == node.shape;
  });
}

}  // namespace vitq
