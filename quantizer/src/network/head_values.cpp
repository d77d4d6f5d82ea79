// SPDX-License-Identifier: Apache-2.0
#include "network/head_values.h"

#include <algorithm>
#include <optional>

namespace vitq {
namespace {

class HeadFinder {
 public:
  explicit HeadFinder(const Graph& graph) : graph_(graph), readers_(graph.readers()) {
    for (const GraphOutput& output : graph.outputs()) readers_[at(output.node)].push_back(-1);
  }

  std::optional<HeadValues> values_of(NodeId product) const {
    const Node& node = graph_[product];
    const auto* op = std::get_if<op::MatMul>(&node.op);
    if (op == nullptr || op->transpose_b || node.shape.rank() != 4) return std::nullopt;
    if (!is<op::Softmax>(node.inputs[0])) return std::nullopt;
    HeadValues found;
    found.product = product;
    found.heads = node.shape[1];
    found.dim = node.shape[3];
    if (find_writer(node.inputs[1], found) && find_reader(product, found)) return found;
    return std::nullopt;
  }

 private:
  template <typename Op>
  bool is(NodeId id) const {
    return std::holds_alternative<Op>(graph_[id].op);
  }
  NodeId only_reader(NodeId id) const {
    return readers_[at(id)].size() == 1 ? readers_[at(id)][0] : -1;
  }
  bool swaps_heads(NodeId id) const {
    const auto* permute = std::get_if<op::Permute>(&graph_[id].op);
    return permute != nullptr && permute->order == std::vector<int>{0, 2, 1, 3};
  }
  bool is_own_layer(NodeId id) const {
    const std::vector<NodeId>& inputs = graph_[id].inputs;
    return is<op::Linear>(id) && std::all_of(inputs.begin() + 1, inputs.end(), [&](NodeId weight) {
             return is<op::Param>(weight) && only_reader(weight) == id;
           });
  }

  // From the values back: [N, heads, T, dim], [N, T, heads, dim], [N, T, heads * dim].
  bool find_writer(NodeId id, HeadValues& found) const {
    if (!swaps_heads(id) || only_reader(id) != found.product) return false;
    const NodeId parted = graph_[id].inputs[0];
    if (!is<op::Reshape>(parted) || only_reader(parted) != id) return false;
    const NodeId rows = graph_[parted].inputs[0];
    const Shape& shape = graph_[rows].shape;
    if (shape.rank() != 3 || shape[2] != found.heads * found.dim) return false;
    if (graph_[parted].shape != Shape{shape[0], shape[1], found.heads, found.dim}) return false;
    if (only_reader(rows) != parted) return false;
    found.writer = rows;
    if (const auto* slice = std::get_if<op::Slice>(&graph_[rows].op)) {
      if (slice->axis != 2) return false;
      found.writer = graph_[rows].inputs[0];
      found.begin = slice->begin;
      if (!are_apart(found.writer, *slice)) return false;
    }
    return is_own_layer(found.writer);
  }
  // Whether nobody else reads these columns.
  bool are_apart(NodeId layer, const op::Slice& own) const {
    return std::ranges::all_of(readers_[at(layer)], [&](NodeId reader) {
      const auto* other = reader < 0 ? nullptr : std::get_if<op::Slice>(&graph_[reader].op);
      if (other == nullptr || other->axis != own.axis) return false;
      return other == &own || other->end <= own.begin || other->begin >= own.end;
    });
  }

  bool find_reader(NodeId id, HeadValues& found) const {
    const NodeId swapped = only_reader(id);
    if (swapped < 0 || !swaps_heads(swapped)) return false;
    const NodeId rows = only_reader(swapped);
    if (rows < 0 || !is<op::Reshape>(rows)) return false;
    const Shape& shape = graph_[rows].shape;
    if (shape.rank() != 3 || shape[2] != found.heads * found.dim) return false;
    found.reader = only_reader(rows);
    return found.reader >= 0 && is_own_layer(found.reader) &&
           graph_[found.reader].inputs[0] == rows;
  }

  const Graph& graph_;
  std::vector<std::vector<NodeId>> readers_;
};

}  // namespace

std::vector<HeadValues> head_values(const Graph& graph) {
  const HeadFinder finder(graph);
  std::vector<HeadValues> all;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (const auto found = finder.values_of(id)) all.push_back(*found);
  }
  return all;
}

}  // namespace vitq
