// SPDX-License-Identifier: Apache-2.0
// The graph that tracing a model records: an append-only list of nodes, hence in topological order.
// Nothing is computed here; see vitq/plan.h for what becomes of it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "vitq/op.h"
#include "vitq/tensor.h"

namespace vitq {

using NodeId = std::int32_t;

// A node, an axis or a count as an index of a list.
constexpr std::size_t at(std::int64_t index) {
  return static_cast<std::size_t>(index);
}

struct Node {
  std::string name;  // of the layer, as in the checkpoint: "blocks.3.mlp.fc1"; or a derived one
  Op op;
  std::vector<NodeId> inputs;
  Shape shape;
};
// Whether it is the same whatever the network is shown: a Param or a Constant.
bool is_constant(const Node& node);

struct GraphOutput {
  std::string name;  // "logits", "boxes"
  NodeId node;
};

class Graph {
 public:
  // Appends a node whose shape follows from its operands; throws ShapeError naming the node.
  NodeId add(std::string name, Op op, std::vector<NodeId> inputs);
  // Appends an Input, Param, Constant or Reshape, whose shape is stated.
  NodeId add(std::string name, Op op, std::vector<NodeId> inputs, Shape shape);
  // The Param of that name, appended when first asked for. Throws ShapeError if it was asked for
  // with another shape before.
  NodeId param(const std::string& name, Shape shape);
  void set_outputs(std::vector<GraphOutput> outputs) { outputs_ = std::move(outputs); }

  const Node& operator[](NodeId id) const { return nodes_[static_cast<std::size_t>(id)]; }
  std::span<const Node> nodes() const { return nodes_; }
  NodeId size() const { return static_cast<NodeId>(nodes_.size()); }
  std::span<const GraphOutput> outputs() const { return outputs_; }
  // The Input nodes and the Param nodes, in order.
  std::vector<NodeId> inputs() const;
  std::vector<NodeId> params() const;
  // For every node the nodes that read it; a graph output counts as no reader.
  std::vector<std::vector<NodeId>> readers() const;

 private:
  std::vector<Node> nodes_;
  std::vector<GraphOutput> outputs_;
  std::map<std::string, NodeId, std::less<>> params_;
};

// A Subgraph is the part of a graph between some of its values and others. Every node of `inputs`
// becomes an Input, and what `outputs` need beyond them is copied. `node[id]` is the copy of node
// `id`, or -1.
struct Subgraph {
  Graph graph;
  std::vector<NodeId> node;
};
Subgraph subgraph(const Graph& graph, std::span<const NodeId> inputs,
                  std::span<const NodeId> outputs);

// Multiply-accumulates of the node's matrix product or convolution; 0 for all other ops.
std::int64_t macs(const Graph& graph, NodeId id);

// For people: one line per node, or GraphViz.
std::string to_text(const Graph& graph);
std::string to_dot(const Graph& graph);

// A handle to one node, with the arithmetic that models are written in.
struct Value {
  Graph* graph = nullptr;
  NodeId id = 0;

  Shape shape() const { return (*graph)[id].shape; }  // a copy: adding nodes moves them
};

}  // namespace vitq
