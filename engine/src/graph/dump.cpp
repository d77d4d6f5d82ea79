// SPDX-License-Identifier: Apache-2.0
// The graph for people: a text listing and GraphViz. Weights appear only as operands.
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

#include "vitq/graph.h"

namespace vitq {
namespace {

std::string operand_text(const Graph& graph, NodeId input) {
  const Node& node = graph[input];
  return is_constant(node) ? node.name + node.shape.str() : '%' + std::to_string(input);
}

}  // namespace

std::string to_text(const Graph& graph) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    if (is_constant(node)) continue;
    out << std::setw(5) << id << "  " << std::left << std::setw(10) << name_of(node.op)
        << std::setw(28) << node.name << std::setw(22) << node.shape.str() << std::right;
    for (const NodeId input : node.inputs) out << ' ' << operand_text(graph, input);
    out << '\n';
  }
  for (const GraphOutput& output : graph.outputs()) {
    out << output.name << " = %" << output.node << '\n';
  }
  return out.str();
}

std::string to_dot(const Graph& graph) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out << "digraph vitq {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    if (is_constant(node)) continue;
    out << "  n" << id << " [label=\"" << name_of(node.op) << "\\n"
        << node.name << "\\n"
        << node.shape.str() << "\"];\n";
    for (const NodeId input : node.inputs) {
      if (!is_constant(graph[input])) out << "  n" << input << " -> n" << id << ";\n";
    }
  }
  for (const GraphOutput& output : graph.outputs()) {
    out << "  n" << output.node << " -> \"" << output.name << "\";\n";
  }
  out << "}\n";
  return out.str();
}

}  // namespace vitq
