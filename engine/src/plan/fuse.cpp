// SPDX-License-Identifier: Apache-2.0
#include "plan/fuse.h"

#include <algorithm>

namespace vitq {
namespace {

class Fuser {
 public:
  Fuser(const Graph& graph, const LowerOptions& options)
      : graph_(graph), options_(options), readers_(graph.readers()) {}

  // Follows the chain of sole readers for as long as the epilogue can take them over. Returns the
  // node that the step stores.
  NodeId follow(Fusion& fusion, Fusions& fusions) const {
    NodeId last = fusion.root;
    while (const std::optional<NodeId> next = sole_reader(last)) {
      if (taken(fusions, *next) || !take(fusion, last, *next)) break;
      fusions.absorbed[static_cast<std::size_t>(last)] = true;
      last = *next;
    }
    return last;
  }

 private:
  std::optional<NodeId> sole_reader(NodeId id) const {
    const auto& readers = readers_[static_cast<std::size_t>(id)];
    if (readers.size() != 1) return std::nullopt;
    for (const GraphOutput& output : graph_.outputs()) {
      if (output.node == id) return std::nullopt;
    }
    return readers[0];
  }

  // The sum of two products: the first has it already.
  static bool taken(const Fusions& fusions, NodeId id) {
    const auto index = static_cast<std::size_t>(id);
    return fusions.absorbed[index] || fusions.at[index].has_value();
  }

  // The order of an epilogue is fixed: residual, then activation.
  bool take(Fusion& fusion, NodeId id, NodeId next) const {
    const Node& node = graph_[next];
    if (fusion.act != Act::kNone || observed(next)) return false;
    if (const auto* activate = std::get_if<op::Activate>(&node.op)) {
      fusion.act = activate->kind;
      return true;
    }
    if (!std::holds_alternative<op::Add>(node.op) || fusion.residual) return false;
    const NodeId other = node.inputs[0] == id ? node.inputs[1] : node.inputs[0];
    if (other == id || graph_[other].shape != graph_[id].shape) return false;
    fusion.residual = other;
    return true;
  }

  bool observed(NodeId id) const {
    return std::any_of(options_.observe.begin(), options_.observe.end(),
                       [id](const Site& site) { return site.node == id; });
  }

  const Graph& graph_;
  const LowerOptions& options_;
  std::vector<std::vector<NodeId>> readers_;
};

}  // namespace

Fusions fuse(const Graph& graph, const LowerOptions& options) {
  const auto count = static_cast<std::size_t>(graph.size());
  Fusions fusions = {std::vector<std::optional<Fusion>>(count), std::vector<bool>(count, false)};
  const Fuser fuser(graph, options);
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Op& op = graph[id].op;
    if (!std::holds_alternative<op::Linear>(op) && !std::holds_alternative<op::Conv2d>(op))
      continue;
    Fusion fusion = {.root = id, .residual = std::nullopt, .act = Act::kNone};
    // What a layer makes of constants is no step: it is made when the graph is lowered.
    const bool step = !is_constant(graph[graph[id].inputs[0]]);
    const NodeId last = step ? fuser.follow(fusion, fusions) : id;
    fusions.at[static_cast<std::size_t>(last)] = fusion;
  }
  return fusions;
}

}  // namespace vitq
