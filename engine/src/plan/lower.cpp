// SPDX-License-Identifier: Apache-2.0
// lower(): prune, then walk.
#include <numeric>

#include "plan/lowering.h"
#include "plan/prune.h"

namespace vitq {
namespace {

// The scheme as a graph counts whose nodes come from `origin`. The rows that pruning cuts out of a
// quantized layer's result are no layer.
Scheme moved(const Scheme& scheme, const Pruned& pruned) {
  Scheme result;
  for (NodeId id = 0; id < pruned.graph.size(); ++id) {
    if (std::holds_alternative<op::Slice>(pruned.graph[id].op)) continue;
    for (const int operand : {0, 1}) {
      const Site from = {pruned.origin[static_cast<std::size_t>(id)], operand};
      if (const QParams* params = scheme.find(from)) result.set({id, operand}, *params);
    }
  }
  return result;
}

LowerOptions moved(LowerOptions options, const Pruned& pruned) {
  const std::vector<Site> sites = std::move(options.observe);
  options.observe.clear();
  for (NodeId id = 0; id < pruned.graph.size(); ++id) {
    if (std::holds_alternative<op::Slice>(pruned.graph[id].op)) continue;
    for (const Site& site : sites) {
      const bool here = site.node == pruned.origin[static_cast<std::size_t>(id)];
      if (here) options.observe.push_back({id, site.operand});
    }
  }
  return options;
}

// The output tokens of every linear layer of a graph whose nodes come from `origin` in `whole`. Of
// a layer that was cut down, only output tokens are left.
std::map<NodeId, AxisSpan> output_tokens_of(const Graph& whole, const Pruned& pruned) {
  std::map<NodeId, AxisSpan> result;
  const std::optional<AxisSpan> output_rows = output_tokens(whole);
  for (NodeId id = 0; id < pruned.graph.size() && output_rows; ++id) {
    const Shape& shape = pruned.graph[id].shape;
    const Shape& before = whole[pruned.origin[static_cast<std::size_t>(id)]].shape;
    if (!std::holds_alternative<op::Linear>(pruned.graph[id].op) || shape.rank() != 3) continue;
    if (shape != before) {
      result[id] = {kTokens, 0, shape[kTokens]};
    } else if (output_rows->end < shape[kTokens]) {
      result[id] = *output_rows;
    }
  }
  return result;
}

Pruned whole(const Graph& graph, std::span<const GraphOutput> also) {
  Pruned result = {graph, std::vector<NodeId>(static_cast<std::size_t>(graph.size()))};
  std::iota(result.origin.begin(), result.origin.end(), 0);
  std::vector<GraphOutput> outputs(graph.outputs().begin(), graph.outputs().end());
  outputs.insert(outputs.end(), also.begin(), also.end());
  result.graph.set_outputs(std::move(outputs));
  return result;
}

}  // namespace

std::string_view name_of(const StepOp& op) {
  static constexpr std::string_view kNames[] = {
      "Linear", "Conv2d",  "MatMul", "LayerNorm", "Softmax", "Activate",      "Add",
      "Scale",  "MaxPool", "Copy",   "Quantize",  "Pixels",  "IntegerLinear", "Attention"};
  static_assert(std::size(kNames) == std::variant_size_v<StepOp>);
  return kNames[op.index()];
}

Plan lower(const Graph& graph, const Weights& weights, const Scheme& scheme,
           const LowerOptions& options) {
  require_weights(graph, weights, scheme);
  const bool all = !options.prune || !options.also.empty();
  const Pruned pruned = all ? whole(graph, options.also) : prune(graph);
  const Scheme inner = moved(scheme, pruned);
  const LowerOptions inner_options = moved(options, pruned);
  const std::map<NodeId, AxisSpan> output_tokens = output_tokens_of(graph, pruned);
  Plan plan = Lowering({pruned.graph, weights, inner, inner_options, output_tokens}).run();
  for (Step& step : plan.steps) step.node = pruned.origin[static_cast<std::size_t>(step.node)];
  return plan;
}

}  // namespace vitq
