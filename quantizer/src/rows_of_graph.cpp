// SPDX-License-Identifier: Apache-2.0
#include "rows_of_graph.h"

#include <algorithm>
#include <set>

namespace vitq {
namespace {

bool has_values(const Node& node) {
  return !std::holds_alternative<op::Param>(node.op) &&
         !std::holds_alternative<op::Constant>(node.op);
}

}  // namespace

RowsOfGraph::RowsOfGraph(const Graph& graph)
    : graph_(graph),
      readers_(graph.readers()),
      output_tokens_(vitq::output_tokens(graph)),
      reduced_(at(graph.size()), false) {
  if (!output_tokens_) return;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const auto* slice = std::get_if<op::Slice>(&graph[id].op);
    const bool within = slice != nullptr && slice->axis == output_tokens_->axis &&
                        slice->begin >= output_tokens_->begin && slice->end <= output_tokens_->end;
    if (within) tokens_ = std::max(tokens_, graph[graph[id].inputs[0]].shape[output_tokens_->axis]);
  }
  for (NodeId id = 0; id < graph.size(); ++id) {
    const std::vector<NodeId>& inputs = graph[id].inputs;
    reduced_[at(id)] = cuts(id) || std::any_of(inputs.begin(), inputs.end(),
                                               [&](NodeId input) { return reduced(input); });
  }
}

// Whether a node cuts output tokens out of all.
bool RowsOfGraph::cuts(NodeId id) const {
  const auto* slice = std::get_if<op::Slice>(&graph_[id].op);
  return slice != nullptr && output_tokens_ && slice->axis == output_tokens_->axis &&
         slice->begin >= output_tokens_->begin && slice->end <= output_tokens_->end &&
         output_tokens(graph_[id].inputs[0]).has_value();
}

std::optional<AxisSpan> RowsOfGraph::output_tokens(NodeId id) const {
  const Shape& shape = graph_[id].shape;
  const bool tokens = output_tokens_ && shape.rank() == 3 && shape[output_tokens_->axis] == tokens_;
  return tokens ? output_tokens_ : std::nullopt;
}

// Whether the reader computes each of its rows from the same row of this value.
bool RowsOfGraph::keeps_rows(NodeId reader, NodeId id) const {
  const Node& node = graph_[reader];
  if (!output_tokens(reader)) return false;
  if (std::holds_alternative<op::Linear>(node.op) ||
      std::holds_alternative<op::LayerNorm>(node.op)) {
    return node.inputs[0] == id;
  }
  return std::holds_alternative<op::Activate>(node.op) ||
         std::holds_alternative<op::Scale>(node.op) || std::holds_alternative<op::Add>(node.op);
}

bool RowsOfGraph::special_only(NodeId id) const {
  if (!output_tokens(id) || readers(id).empty()) return false;
  for (const GraphOutput& output : graph_.outputs()) {
    if (output.node == id) return false;
  }
  const std::vector<NodeId>& all = readers(id);
  return std::all_of(all.begin(), all.end(), [&](NodeId reader) {
    return cuts(reader) || (keeps_rows(reader, id) && special_only(reader));
  });
}

NodeId RowsOfGraph::uncut(NodeId id) const {
  while (!cuts(id)) {
    if (!std::holds_alternative<op::Reshape>(graph_[id].op)) return -1;
    id = graph_[id].inputs[0];
  }
  return graph_[id].inputs[0];
}

bool RowsOfGraph::in_stream(NodeId id) const {
  const Node& node = graph_[id];
  if (!std::holds_alternative<op::Add>(node.op) || !output_tokens(id)) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](NodeId input) {
    return has_values(graph_[input]) && graph_[input].shape == node.shape;
  });
}

NodeId RowsOfGraph::stream_after(NodeId id) const {
  std::set<NodeId> reached(readers(id).begin(), readers(id).end());
  while (!reached.empty()) {
    const NodeId next = *reached.begin();
    if (in_stream(next)) return next;
    reached.erase(reached.begin());
    reached.insert(readers(next).begin(), readers(next).end());
  }
  return -1;
}

std::vector<NodeId> RowsOfGraph::stream() const {
  std::vector<NodeId> sums;
  for (NodeId id = 0; id < graph_.size(); ++id) {
    if (in_stream(id) && !special_only(id)) sums.push_back(id);
  }
  return sums;
}

}  // namespace vitq
