// SPDX-License-Identifier: Apache-2.0
#include "plan/prune.h"

#include <algorithm>

namespace vitq {
namespace {

// Along which axis of operand `operand` the rows of a node's result lie, if it can compute the rows
// of `axis` alone. An answer of -1: that operand is needed whole.
struct RowAxis {
  const Graph& graph;
  const Node& node;
  int axis;
  int operand;

  std::optional<int> same() const { return axis; }
  std::optional<int> operator()(const op::Activate&) const { return same(); }
  std::optional<int> operator()(const op::Scale&) const { return same(); }
  std::optional<int> operator()(const op::Sine&) const { return same(); }
  std::optional<int> operator()(const op::Linear&) const { return of_rows(); }
  std::optional<int> operator()(const op::LayerNorm&) const { return of_rows(); }
  std::optional<int> operator()(const op::Softmax&) const { return of_rows(); }
  std::optional<int> operator()(const op::UnitLength&) const { return of_rows(); }
  std::optional<int> operator()(const op::Add&) const { return of_both(); }
  std::optional<int> operator()(const op::Multiply&) const { return of_both(); }
  std::optional<int> of_both() const {
    const bool repeated = graph[node.inputs[static_cast<std::size_t>(operand)]].shape[axis] == 1;
    return repeated ? -1 : axis;
  }
  std::optional<int> operator()(const op::MatMul&) const {
    const int rank = node.shape.rank();
    if (axis == rank - 1) return std::nullopt;
    return axis == rank - 2 && operand == 1 ? -1 : axis;
  }
  std::optional<int> operator()(const op::Permute& permute) const {
    return permute.order[static_cast<std::size_t>(axis)];
  }
  std::optional<int> operator()(const op::Reshape&) const {
    const Shape& in = graph[node.inputs[0]].shape;
    for (int i = 0; i <= axis; ++i) {
      if (i >= in.rank() || in[i] != node.shape[i]) return std::nullopt;
    }
    return axis;
  }
  std::optional<int> operator()(const op::Slice& slice) const {
    return slice.axis == axis ? std::nullopt : same();
  }
  template <typename Other>
  std::optional<int> operator()(const Other&) const {
    return std::nullopt;
  }

  // Ops over the last axis, whose further operands are weights.
  std::optional<int> of_rows() const {
    if (axis == node.shape.rank() - 1) return std::nullopt;
    return operand == 0 ? axis : -1;
  }
};

std::optional<int> row_axis(const Graph& graph, NodeId id, int axis, int operand) {
  return std::visit(RowAxis{graph, graph[id], axis, operand}, graph[id].op);
}

// What is asked of a node: nothing yet, some rows, or all of it.
struct Demand {
  enum class Kind { kNone, kRows, kAll } kind = Kind::kNone;
  AxisSpan rows;

  void add_all() { kind = Kind::kAll; }
  void add(const AxisSpan& more, const Shape& shape) {
    if (kind == Kind::kNone) {
      kind = Kind::kRows;
      rows = more;
    } else if (kind == Kind::kRows && rows.axis == more.axis) {
      rows = {rows.axis, std::min(rows.begin, more.begin), std::max(rows.end, more.end)};
    } else {
      kind = Kind::kAll;
    }
    if (kind == Kind::kRows && rows.end - rows.begin == shape[rows.axis]) kind = Kind::kAll;
  }
};

// Passes what is asked of node `id` on to its operands. Returns whether the node can be cut down to
// the rows that are asked of it.
bool pass_on(const Graph& graph, NodeId id, const Demand& demand, std::vector<Demand>& demands) {
  const Node& node = graph[id];
  const bool rows = demand.kind == Demand::Kind::kRows;
  const bool narrow = rows && row_axis(graph, id, demand.rows.axis, 0).has_value();
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const NodeId input = node.inputs[i];
    const int axis = narrow ? *row_axis(graph, id, demand.rows.axis, static_cast<int>(i)) : -1;
    if (axis >= 0) {
      demands[at(input)].add({axis, demand.rows.begin, demand.rows.end}, graph[input].shape);
    } else if (const auto* slice = std::get_if<op::Slice>(&node.op); slice != nullptr && !narrow) {
      demands[at(input)].add({slice->axis, slice->begin, slice->end}, graph[input].shape);
    } else {
      demands[at(input)].add_all();
    }
  }
  return narrow;
}

// Rebuilds a graph with the nodes cut down.
class Rebuild {
 public:
  Rebuild(const Graph& graph, const std::vector<std::optional<AxisSpan>>& rows)
      : graph_(graph), rows_(rows), copy_(at(graph.size())) {}

  Pruned run() {
    for (NodeId id = 0; id < graph_.size(); ++id) copy_[at(id)] = add(id);
    std::vector<GraphOutput> outputs(graph_.outputs().begin(), graph_.outputs().end());
    for (GraphOutput& output : outputs) output.node = copy_[at(output.node)];
    result_.graph.set_outputs(std::move(outputs));
    return std::move(result_);
  }

 private:
  NodeId add(NodeId id) {
    const Node& node = graph_[id];
    const std::optional<AxisSpan>& wanted = rows_[at(id)];
    if (std::holds_alternative<op::Param>(node.op)) {
      return keep(result_.graph.param(node.name, node.shape), id);
    }
    Op op = node.op;
    std::vector<NodeId> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      inputs.push_back(operand(id, static_cast<int>(i)));
    }
    if (auto* slice = std::get_if<op::Slice>(&op); slice != nullptr) shift(*slice, node.inputs[0]);
    Shape shape = node.shape;
    if (wanted) shape = shape.with(wanted->axis, wanted->end - wanted->begin);
    return keep(result_.graph.add(node.name, std::move(op), std::move(inputs), shape), id);
  }

  // The rows of the operand that this node works on, cut out of what was computed of it.
  NodeId operand(NodeId id, int index) {
    const NodeId input = graph_[id].inputs[static_cast<std::size_t>(index)];
    const std::optional<AxisSpan>& wanted = rows_[at(id)];
    const std::optional<AxisSpan>& computed = rows_[at(input)];
    if (!wanted) return copy_[at(input)];
    const int axis = row_axis(graph_, id, wanted->axis, index).value_or(-1);
    if (axis < 0) return copy_[at(input)];
    const std::int64_t shift = computed ? computed->begin : 0;
    const op::Slice cut = {axis, wanted->begin - shift, wanted->end - shift};
    if (cut.begin == 0 && cut.end == result_.graph[copy_[at(input)]].shape[axis]) {
      return copy_[at(input)];
    }
    return keep(result_.graph.add(graph_[input].name + ".rows", cut, {copy_[at(input)]}), input);
  }

  // A slice of something that was cut down counts from the first row that was computed.
  void shift(op::Slice& slice, NodeId input) const {
    const std::optional<AxisSpan>& computed = rows_[at(input)];
    if (!computed || computed->axis != slice.axis) return;
    slice.begin -= computed->begin;
    slice.end -= computed->begin;
  }

  NodeId keep(NodeId made, NodeId from) {
    if (made == static_cast<NodeId>(result_.origin.size())) result_.origin.push_back(from);
    return made;
  }

  const Graph& graph_;
  const std::vector<std::optional<AxisSpan>>& rows_;
  std::vector<NodeId> copy_;
  Pruned result_;
};

}  // namespace

std::vector<std::optional<AxisSpan>> rows_read(const Graph& graph) {
  std::vector<Demand> demands(at(graph.size()));
  std::vector<std::optional<AxisSpan>> rows(at(graph.size()));
  for (const GraphOutput& output : graph.outputs()) demands[at(output.node)].add_all();
  for (NodeId id = graph.size(); id-- > 0;) {
    if (demands[at(id)].kind == Demand::Kind::kNone) continue;  // nobody reads it
    const Demand demand = demands[at(id)];
    if (pass_on(graph, id, demand, demands)) rows[at(id)] = demand.rows;
  }
  return rows;
}

Pruned prune(const Graph& graph) {
  return Rebuild(graph, rows_read(graph)).run();
}

}  // namespace vitq
