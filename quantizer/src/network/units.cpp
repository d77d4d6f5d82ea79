// SPDX-License-Identifier: Apache-2.0
#include "network/units.h"

#include <map>

#include "network/token_flow.h"

namespace vitq {
namespace {

// Reads the units off a graph.
class Finder {
 public:
  explicit Finder(const Network& network)
      : network_(network), graph_(network.graph), flow_(network.graph) {}

  std::vector<Unit> run() const {
    std::vector<Unit> units;
    for (NodeId id = 0; id < graph_.size(); ++id) {
      if (is_layer(id)) units.push_back(layer(id));
      if (const NodeId output = attention_output(id); output >= 0) {
        units.push_back(attention(id, output));
      }
    }
    return units;
  }

 private:
  bool is_layer(NodeId id) const {
    const Node& node = graph_[id];
    const bool linear = std::holds_alternative<op::Linear>(node.op);
    const auto* conv = std::get_if<op::Conv2d>(&node.op);
    if (!linear && conv == nullptr) return false;
    const NodeId weight = node.inputs[1];
    if (!std::holds_alternative<op::Param>(graph_[weight].op)) return false;
    if (flow_.readers(weight).size() != 1) return false;
    // A layer that does not depend on the image has nothing to be fitted to.
    if (is_constant(graph_[node.inputs[0]])) return false;
    return linear || network_.pixels || !reads_image(node);
  }

  bool reads_image(const Node& node) const {
    return std::holds_alternative<op::Input>(graph_[node.inputs[0]].op);
  }

  // Gives the second product of the attention whose logits this node computes, or -1.
  NodeId attention_output(NodeId id) const {
    const auto* logits = std::get_if<op::MatMul>(&graph_[id].op);
    if (logits == nullptr || !logits->transpose_b || graph_[id].shape.rank() != 4) return -1;
    if (flow_.readers(id).size() != 1) return -1;
    const NodeId softmax = flow_.readers(id)[0];
    if (!std::holds_alternative<op::Softmax>(graph_[softmax].op)) return -1;
    if (flow_.readers(softmax).size() != 1) return -1;
    const NodeId output = flow_.readers(softmax)[0];
    const auto* product = std::get_if<op::MatMul>(&graph_[output].op);
    const bool fits = product != nullptr && !product->transpose_b && product->scale == 1.0F &&
                      graph_[output].inputs[0] == softmax;
    return fits ? output : -1;
  }

  Unit attention(NodeId logits, NodeId output) const {
    Unit unit;
    unit.plan = {.name = graph_[logits].name, .node = logits, .output = output, .bits = {}};
    unit.plan.attention = true;
    unit.plan.macs = macs(graph_, logits) + macs(graph_, output);
    unit.operand = graph_[logits].inputs[0];
    unit.key = graph_[logits].inputs[1];
    unit.value = graph_[output].inputs[1];
    const Shape& scores = graph_[logits].shape;
    const auto tokens = flow_.output_tokens_among(scores[-1]);
    if (tokens && scores[-2] == scores[-1]) unit.output_tokens = *tokens;
    return unit;
  }

  Unit layer(NodeId id) const {
    const Node& node = graph_[id];
    Unit unit;
    unit.plan = {.name = node.name, .node = id, .output = id, .bits = {}};
    unit.plan.weights = graph_[node.inputs[1]].shape.elements();
    unit.plan.macs = macs(graph_, id);
    unit.operand = node.inputs[0];
    if (reads_image(node)) unit.role = Role::kInput;
    if (flow_.cut(unit.operand)) {
      unit.role = Role::kOutput;
      unit.background = flow_.uncut(unit.operand);
    } else if (const auto output_tokens = flow_.output_tokens(unit.operand)) {
      unit.output_tokens = *output_tokens;
      unit.output_only = flow_.output_only(id);
      if (unit.output_only) unit.background = unit.operand;
    }
    unit.parts = parts_of(id);
    unit.residual = residual_of(id);
    unit.stream = flow_.stream_after(id);
    return unit;
  }

  // Gives the sizes of the slices of the results, if every reader is one and they lie side by side.
  std::vector<std::int64_t> parts_of(NodeId id) const {
    const Shape& shape = graph_[id].shape;
    if (std::holds_alternative<op::Conv2d>(graph_[id].op)) return {shape[1]};
    std::map<std::int64_t, std::int64_t> slices;  // begin, end
    for (const NodeId reader : flow_.readers(id)) {
      const auto* slice = std::get_if<op::Slice>(&graph_[reader].op);
      if (slice == nullptr || slice->axis != shape.rank() - 1) return {shape[-1]};
      slices[slice->begin] = slice->end;
    }
    std::vector<std::int64_t> parts;
    std::int64_t covered = 0;
    for (const auto& [begin, end] : slices) {
      if (begin != covered) return {shape[-1]};
      parts.push_back(end - begin);
      covered = end;
    }
    return covered == shape[-1] ? parts : std::vector<std::int64_t>{shape[-1]};
  }

  NodeId residual_of(NodeId id) const {
    if (flow_.readers(id).size() != 1) return -1;
    const Node& sum = graph_[flow_.readers(id)[0]];
    if (!std::holds_alternative<op::Add>(sum.op)) return -1;
    const NodeId other = sum.inputs[0] == id ? sum.inputs[1] : sum.inputs[0];
    return graph_[other].shape == graph_[id].shape && other != id ? other : -1;
  }

  const Network& network_;
  const Graph& graph_;
  TokenFlow flow_;
};

}  // namespace

std::vector<Unit> find_units(const Network& network) {
  return Finder(network).run();
}

}  // namespace vitq
