// SPDX-License-Identifier: Apache-2.0
#include "units.h"

#include <algorithm>
#include <map>
#include <regex>

#include "rows_of_graph.h"
#include "text.h"
#include "vitq/error.h"

namespace vitq {
namespace {

constexpr std::int64_t kFloatBytes = 4;

// Reads the units off a graph.
class Finder {
 public:
  explicit Finder(const Network& network)
      : network_(network), graph_(network.graph), rows_(network.graph) {}

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
    if (rows_.readers(weight).size() != 1) return false;
    // What does not depend on the image has nothing to be fitted to.
    const Op& operand = graph_[node.inputs[0]].op;
    if (std::holds_alternative<op::Constant>(operand) || std::holds_alternative<op::Param>(operand))
      return false;
    return linear || network_.pixels || !reads_image(node);
  }

  bool reads_image(const Node& node) const {
    return std::holds_alternative<op::Input>(graph_[node.inputs[0]].op);
  }

  // The second product of the attention whose logits this node computes; or -1.
  NodeId attention_output(NodeId id) const {
    const auto* logits = std::get_if<op::MatMul>(&graph_[id].op);
    if (logits == nullptr || !logits->transpose_b || graph_[id].shape.rank() != 4) return -1;
    if (rows_.readers(id).size() != 1) return -1;
    const NodeId softmax = rows_.readers(id)[0];
    if (!std::holds_alternative<op::Softmax>(graph_[softmax].op)) return -1;
    if (rows_.readers(softmax).size() != 1) return -1;
    const NodeId output = rows_.readers(softmax)[0];
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
    if (rows_.reduced(unit.operand)) {
      unit.role = Role::kOutput;
      unit.background = rows_.uncut(unit.operand);
    } else if (const auto output_tokens = rows_.output_tokens(unit.operand)) {
      unit.output_tokens = *output_tokens;
      unit.special_only = rows_.special_only(id);
      if (unit.special_only) unit.background = unit.operand;
    }
    unit.parts = parts_of(id);
    unit.residual = residual_of(id);
    unit.stream = rows_.stream_after(id);
    return unit;
  }

  // Extents of the slices of the results, if every reader is one and they lie side by side.
  std::vector<std::int64_t> parts_of(NodeId id) const {
    const Shape& shape = graph_[id].shape;
    if (std::holds_alternative<op::Conv2d>(graph_[id].op)) return {shape[1]};
    std::map<std::int64_t, std::int64_t> slices;  // begin, end
    for (const NodeId reader : rows_.readers(id)) {
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
    if (rows_.readers(id).size() != 1) return -1;
    const Node& sum = graph_[rows_.readers(id)[0]];
    if (!std::holds_alternative<op::Add>(sum.op)) return -1;
    const NodeId other = sum.inputs[0] == id ? sum.inputs[1] : sum.inputs[0];
    return graph_[other].shape == graph_[id].shape && other != id ? other : -1;
  }

  const Network& network_;
  const Graph& graph_;
  RowsOfGraph rows_;
};

std::optional<Bits> with_edges(const Unit& unit, const Recipe& recipe, Bits bits) {
  if (!unit.plan.attention && unit.role != Role::kInner) {
    bits.weights = std::max(bits.weights, recipe.min_edge_bits);
    bits.activations = std::max(bits.activations, recipe.min_edge_bits);
  }
  return bits;
}

void require_bits(const Bits& bits) {
  const bool fits =
      bits.weights >= 2 && bits.weights <= 8 && bits.activations >= 2 && bits.activations <= 8;
  if (!fits) {
    throw UnsupportedError(text_of("bits w", bits.weights, "a", bits.activations,
                                   " are not supported; weights and activations have 2 to 8"));
  }
}

void apply_rule(const Network& network, const LayerRule& rule, std::vector<Unit>& units) {
  const std::regex expression = layer_expression(rule.pattern);
  if (rule.bits) require_bits(*rule.bits);
  bool matched = false;
  for (Unit& unit : units) {
    const bool hit = std::regex_search(unit.plan.name, expression) ||
                     std::regex_search(network.graph[unit.plan.output].name, expression);
    if (!hit) continue;
    unit.plan.bits = rule.bits;
    matched = true;
  }
  if (!matched) {
    throw UnsupportedError(
        text_of("no layer matches '", rule.pattern, "'; a dry run lists the layers there are"));
  }
}

std::int64_t bytes_of(const Graph& graph, const Unit& unit) {
  if (unit.plan.attention) return 0;
  const Node& node = graph[unit.plan.node];
  const std::int64_t n = graph[node.inputs[1]].shape[0];
  const std::int64_t bias = node.inputs.size() > 2 ? n * kFloatBytes : 0;
  if (!unit.plan.bits) return unit.plan.weights * kFloatBytes + bias;
  const std::int64_t codes =
      n * bit_packed_row_bytes(unit.plan.weights / n, unit.plan.bits->weights);
  return codes + n * kFloatBytes + std::max(bias, n * kFloatBytes);
}

}  // namespace

std::regex layer_expression(const std::string& pattern) {
  // libstdc++ reads numbers without looking for overflow.
  static const std::regex long_number("[0-9]{5}");
  if (std::regex_search(pattern, long_number)) {
    throw UnsupportedError("a regular expression has a number of more than four digits");
  }
  // The standard library's parser recurses over an expression.
  constexpr std::size_t kLongest = 1000;
  if (pattern.size() > kLongest) {
    throw UnsupportedError(text_of("a regular expression has more than ", kLongest, " characters"));
  }
  try {
    // libstdc++'s other way of matching backtracks: "(a*)*b" would take longer than anyone waits.
    return std::regex(pattern, std::regex::ECMAScript | std::regex_constants::__polynomial);
  } catch (const std::regex_error& error) {
    throw UnsupportedError(text_of("'", pattern, "' is not a regular expression: ", error.what()));
  }
}

std::vector<Unit> find_units(const Network& network) {
  return Finder(network).run();
}

LayerRule rule_for(const std::string& layer, std::optional<Bits> bits) {
  std::string pattern = "^";
  for (const char c : layer) {
    if (std::string_view(".^$|()[]{}*+?\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return {pattern + '$', bits};
}

void decide_bits(const Network& network, const Recipe& recipe, const QuantizeOptions& options,
                 std::vector<Unit>& units) {
  require_bits(options.bits);
  for (Unit& unit : units) unit.plan.bits = with_edges(unit, recipe, options.bits);
  for (const LayerRule& rule : options.rules) apply_rule(network, rule, units);
  for (Unit& unit : units) unit.plan.bytes = bytes_of(network.graph, unit);
}

std::vector<LayerPlan> plan_layers(const Network& network, const Recipe& recipe,
                                   const QuantizeOptions& options) {
  std::vector<Unit> units = find_units(network);
  decide_bits(network, recipe, options, units);
  std::vector<LayerPlan> plans;
  for (const Unit& unit : units) plans.push_back(unit.plan);
  return plans;
}

}  // namespace vitq
