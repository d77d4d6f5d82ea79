// SPDX-License-Identifier: Apache-2.0
#include "vitq/graph.h"

#include "core/text.h"
#include "graph/shapes.h"
#include "vitq/error.h"

namespace vitq {

bool is_constant(const Node& node) {
  return std::holds_alternative<op::Param>(node.op) ||
         std::holds_alternative<op::Constant>(node.op);
}

NodeId Graph::add(std::string name, Op op, std::vector<NodeId> inputs) {
  std::vector<Shape> shapes;
  shapes.reserve(inputs.size());
  for (const NodeId id : inputs) shapes.push_back((*this)[id].shape);
  const Shape shape = infer_shape(name, op, shapes);
  return add(std::move(name), std::move(op), std::move(inputs), shape);
}

NodeId Graph::add(std::string name, Op op, std::vector<NodeId> inputs, Shape shape) {
  nodes_.push_back({std::move(name), std::move(op), std::move(inputs), shape});
  return size() - 1;
}

NodeId Graph::param(const std::string& name, Shape shape) {
  const auto found = params_.find(name);
  if (found == params_.end()) {
    const NodeId id = add(name, op::Param{}, {}, shape);
    params_.emplace(name, id);
    return id;
  }
  const Shape& before = (*this)[found->second].shape;
  if (before != shape) {
    throw ShapeError(cat("weight '", name, "' is used as ", before.str(), " and as ", shape.str()));
  }
  return found->second;
}

namespace {

template <typename OpType>
std::vector<NodeId> nodes_of(const Graph& graph) {
  std::vector<NodeId> found;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (std::holds_alternative<OpType>(graph[id].op)) found.push_back(id);
  }
  return found;
}

}  // namespace

std::vector<NodeId> Graph::inputs() const {
  return nodes_of<op::Input>(*this);
}

std::vector<NodeId> Graph::params() const {
  return nodes_of<op::Param>(*this);
}

std::vector<std::vector<NodeId>> Graph::readers() const {
  std::vector<std::vector<NodeId>> readers(nodes_.size());
  for (NodeId id = 0; id < size(); ++id) {
    for (const NodeId input : (*this)[id].inputs) {
      readers[static_cast<std::size_t>(input)].push_back(id);
    }
  }
  return readers;
}

std::int64_t macs(const Graph& graph, NodeId id) {
  const Node& node = graph[id];
  const std::int64_t outputs = node.shape.elements();
  if (std::holds_alternative<op::Linear>(node.op)) {
    return outputs * graph[node.inputs[1]].shape[1];
  }
  if (std::holds_alternative<op::Conv2d>(node.op)) {
    const Shape& weight = graph[node.inputs[1]].shape;
    return outputs * (weight.elements() / weight[0]);
  }
  if (std::holds_alternative<op::MatMul>(node.op)) {
    return outputs * graph[node.inputs[0]].shape[-1];
  }
  return 0;
}

namespace {

std::size_t index(NodeId id) {
  return static_cast<std::size_t>(id);
}

// What has to be computed for the outputs when the inputs are given; the inputs are not among it.
std::vector<bool> needed_between(const Graph& graph, std::span<const NodeId> inputs,
                                 std::span<const NodeId> outputs) {
  std::vector<bool> given(index(graph.size()), false);
  std::vector<bool> needed(index(graph.size()), false);
  for (const NodeId id : inputs) given[index(id)] = true;
  for (const NodeId id : outputs) needed[index(id)] = !given[index(id)];
  for (NodeId id = graph.size(); id-- > 0;) {
    if (!needed[index(id)]) continue;
    for (const NodeId input : graph[id].inputs) needed[index(input)] = !given[index(input)];
  }
  return needed;
}

NodeId add_copy(const Node& node, Subgraph& to) {
  if (std::holds_alternative<op::Param>(node.op)) return to.graph.param(node.name, node.shape);
  std::vector<NodeId> operands;
  for (const NodeId input : node.inputs) operands.push_back(to.node[index(input)]);
  return to.graph.add(node.name, node.op, std::move(operands), node.shape);
}

}  // namespace

Subgraph subgraph(const Graph& graph, std::span<const NodeId> inputs,
                  std::span<const NodeId> outputs) {
  Subgraph result = {{}, std::vector<NodeId>(index(graph.size()), -1)};
  // All inputs, in the order given, so that the caller knows which is which.
  for (const NodeId id : inputs) {
    result.node[index(id)] = result.graph.add(graph[id].name, op::Input{}, {}, graph[id].shape);
  }
  const std::vector<bool> needed = needed_between(graph, inputs, outputs);
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (needed[index(id)]) result.node[index(id)] = add_copy(graph[id], result);
  }
  std::vector<GraphOutput> named;
  for (const NodeId id : outputs) named.push_back({graph[id].name, result.node[index(id)]});
  result.graph.set_outputs(std::move(named));
  return result;
}

}  // namespace vitq
