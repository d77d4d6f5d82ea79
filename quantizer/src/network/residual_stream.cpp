// SPDX-License-Identifier: Apache-2.0
#include "network/residual_stream.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace vitq {
namespace {

// Puts values together whose channels are the same ones, and marks those whose channels something
// else depends on.
class ChannelGroups {
 public:
  explicit ChannelGroups(const Graph& graph)
      : graph_(graph), readers_(graph.readers()), next_(at(graph.size())), axis_(next_.size()) {
    std::iota(next_.begin(), next_.end(), NodeId{0});
    fixed_.assign(next_.size(), false);
    for (NodeId id = 0; id < graph.size(); ++id) {
      axis_[at(id)] = graph[id].shape.rank() - 1;
      std::visit([&](const auto& op) { visit(id, op); }, graph[id].op);
    }
    for (const GraphOutput& output : graph.outputs()) fix(output.node);
  }

  NodeId group(NodeId id) const {
    while (next_[at(id)] != id) id = next_[at(id)];
    return id;
  }
  bool fixed(NodeId id) const { return fixed_[at(group(id))]; }

 private:
  void fix(NodeId id) { fixed_[at(group(id))] = true; }
  void join(NodeId a, NodeId b) {
    const NodeId first = group(a);
    const NodeId second = group(b);
    fixed_[at(first)] = fixed_[at(first)] || fixed_[at(second)];
    next_[at(second)] = first;
  }
  void fix_all(NodeId id) {
    fix(id);
    for (const NodeId input : graph_[id].inputs) fix(input);
  }
  bool has_own_weights(NodeId id) const {
    const std::vector<NodeId>& inputs = graph_[id].inputs;
    return std::all_of(inputs.begin() + 1, inputs.end(), [&](NodeId weight) {
      return std::holds_alternative<op::Param>(graph_[weight].op) &&
             readers_[at(weight)].size() == 1;
    });
  }
  // Joins the value with an operand whose channels lie along the same axis.
  void pass(NodeId id, NodeId input) {
    const bool fits = axis_[at(input)] == axis_[at(id)] &&
                      graph_[input].shape[axis_[at(input)]] == graph_[id].shape[axis_[at(id)]];
    if (fits) {
      join(id, input);
    } else {
      fix(id);
      fix(input);
    }
  }

  void visit(NodeId id, const op::Param&) {
    if (readers_[at(id)].size() != 1) fix(id);
  }
  void visit(NodeId id, const op::Linear&) { visit_layer(id); }
  void visit(NodeId id, const op::LayerNorm&) { visit_layer(id); }
  void visit(NodeId id, const op::Conv2d&) {
    axis_[at(id)] = 1;
    fix(graph_[id].inputs[0]);
    if (!has_own_weights(id)) fix(id);
  }
  void visit_layer(NodeId id) {
    const NodeId input = graph_[id].inputs[0];
    const bool last = axis_[at(input)] == graph_[input].shape.rank() - 1;
    if (has_own_weights(id) && last) return;
    fix(id);
    fix(input);
  }
  void visit(NodeId id, const op::Add&) { visit_sum(id); }
  void visit_sum(NodeId id) {
    axis_[at(id)] = axis_[at(graph_[id].inputs[0])];
    for (const NodeId input : graph_[id].inputs) pass(id, input);
  }
  void visit(NodeId id, const op::Concat& op) {
    visit_sum(id);
    if (op.axis == axis_[at(id)]) fix(id);
  }
  void visit(NodeId id, const op::Slice& op) {
    visit_sum(id);
    if (op.axis == axis_[at(id)]) fix(id);
  }
  void visit(NodeId id, const op::Mean&) { visit_sum(id); }
  void visit(NodeId id, const op::Permute& op) {
    const NodeId input = graph_[id].inputs[0];
    const auto found = std::ranges::find(op.order, axis_[at(input)]);
    axis_[at(id)] = static_cast<int>(found - op.order.begin());
    join(id, input);
  }
  // The channels stay where they are if all before them, or all behind them, stays as it is.
  void visit(NodeId id, const op::Reshape&) {
    const NodeId input = graph_[id].inputs[0];
    const Shape& from = graph_[input].shape;
    const Shape& to = graph_[id].shape;
    const int axis = axis_[at(input)];
    const bool last = axis == from.rank() - 1 && from[-1] == to[-1];
    bool before = axis < to.rank();
    for (int i = 0; before && i <= axis; ++i) before = from[i] == to[i];
    axis_[at(id)] = last ? to.rank() - 1 : std::min(axis, to.rank() - 1);
    join(id, input);
    if (!last && !before) fix(id);
  }
  template <typename Other>
  void visit(NodeId id, const Other&) {
    fix_all(id);
  }

  const Graph& graph_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<NodeId> next_;  // of the same group; itself at the end
  std::vector<int> axis_;     // of the channels
  std::vector<bool> fixed_;
};

// What lies in a group of values.
struct Members {
  std::vector<NodeId> writers, parameters, norms, readers, read_by_norms;
  bool mixed = false;  // whether it has sums or several tokens' values side by side
};

std::map<NodeId, Members> members_of(const Graph& graph, const ChannelGroups& channels) {
  std::map<NodeId, Members> groups;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    Members& own = groups[channels.group(id)];
    const bool linear = std::holds_alternative<op::Linear>(node.op);
    const bool norm = std::holds_alternative<op::LayerNorm>(node.op);
    if (linear || std::holds_alternative<op::Conv2d>(node.op)) own.writers.push_back(id);
    if (norm) own.norms.push_back(id);
    if (std::holds_alternative<op::Param>(node.op)) own.parameters.push_back(id);
    if (std::holds_alternative<op::Add>(node.op) || std::holds_alternative<op::Concat>(node.op)) {
      own.mixed = true;
    }
    if (linear) groups[channels.group(node.inputs[0])].readers.push_back(id);
    if (norm) groups[channels.group(node.inputs[0])].read_by_norms.push_back(id);
  }
  return groups;
}

// Whether what follows the norm is read by linear layers alone.
bool ends_in_layers(const Members& after) {
  return !after.mixed && after.writers.empty() && after.parameters.empty() &&
         after.norms.size() == 1 && after.read_by_norms.empty() && !after.readers.empty();
}

// The norms that read a stream, each with the layers behind it, if there is nothing else behind
// them.
std::vector<NormReaders> norm_readers(const Members& stream, const ChannelGroups& channels,
                                      const std::map<NodeId, Members>& groups) {
  std::vector<NormReaders> readers;
  for (const NodeId norm : stream.read_by_norms) {
    const Members& after = groups.at(channels.group(norm));
    if (channels.fixed(norm) || !ends_in_layers(after)) return {};
    readers.push_back({norm, after.readers});
  }
  return readers;
}

}  // namespace

std::vector<ResidualStream> residual_streams(const Graph& graph) {
  const ChannelGroups channels(graph);
  const std::map<NodeId, Members> groups = members_of(graph, channels);
  std::vector<ResidualStream> streams;
  for (const auto& [group, members] : groups) {
    if (channels.fixed(group) || !members.norms.empty()) continue;
    std::vector<NormReaders> norms = norm_readers(members, channels, groups);
    if (norms.empty()) continue;
    streams.push_back({graph[norms[0].norm].shape[-1], members.writers, members.parameters,
                       members.readers, std::move(norms)});
  }
  return streams;
}

}  // namespace vitq
