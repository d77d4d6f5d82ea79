// SPDX-License-Identifier: Apache-2.0
// lower(): prune the graph, walk over its nodes, then see what neighbouring steps can share.
#include <numeric>
#include <set>

#include "core/text.h"
#include "plan/arena.h"
#include "plan/lowering.h"
#include "plan/passes.h"
#include "plan/prune.h"
#include "vitq/error.h"

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

// The axis of tokens in an operand of a layer [N, tokens, C] or an attention [N, heads, tokens,
// dim].
std::optional<int> token_axis(const Graph& graph, Site site) {
  const Node& node = graph[site.node];
  const int rank = graph[node.inputs[at(site.operand)]].shape.rank();
  if (std::holds_alternative<op::Linear>(node.op) && rank == 3) return kTokens;
  if (std::holds_alternative<op::MatMul>(node.op) && rank == 4) return kTokens + 1;
  return std::nullopt;
}

// Where the output tokens are in one operand. Of an operand that was cut down, only output tokens
// are left.
std::optional<AxisSpan> output_tokens_at(const Graph& whole, const Pruned& pruned,
                                         const AxisSpan& output, Site site) {
  const Graph& graph = pruned.graph;
  const std::optional<int> axis = token_axis(graph, site);
  if (!axis) return std::nullopt;
  const NodeId input = graph[site.node].inputs[at(site.operand)];
  const std::int64_t tokens = graph[input].shape[*axis];
  if (tokens != whole[pruned.origin[at(input)]].shape[*axis]) return AxisSpan{*axis, 0, tokens};
  if (output.end >= tokens) return std::nullopt;
  return AxisSpan{*axis, output.begin, output.end};
}

// The same of all operands of a graph whose nodes come from `origin` in `whole`.
std::map<Site, AxisSpan> output_tokens_of(const Graph& whole, const Pruned& pruned,
                                          const std::optional<AxisSpan>& output) {
  std::map<Site, AxisSpan> result;
  if (!output) return result;
  for (NodeId id = 0; id < pruned.graph.size(); ++id) {
    if (pruned.graph[id].inputs.size() < 2) continue;
    for (const int operand : {0, 1}) {
      const auto span = output_tokens_at(whole, pruned, *output, {id, operand});
      if (span) result[{id, operand}] = *span;
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

// What is made of a layer is kept under its name.
void require_one_name_each(const Graph& graph, const Scheme& scheme) {
  std::set<std::string_view> names;
  for (const auto& [site, params] : scheme.sites()) {
    const std::string& name = graph[site.node].name;
    if (site.operand != 0 || names.insert(name).second) continue;
    throw UnsupportedError(cat("layer '", name, "': two quantized layers have this name"));
  }
}

void lower_node(LoweringContext& context, NodeId id) {
  if (context.fusions.absorbed[at(id)]) return;
  View& place = context.places[at(id)];
  if (context.attentions.contains(id)) {
    place = lower_attention(context, id);
    return;
  }
  const std::optional<Fusion>& fusion = context.fusions.at[at(id)];
  const Node& node = context.graph[fusion ? fusion->root : id];
  context.builder.begin_node(fusion ? fusion->root : id, node.name);
  place = std::visit([&](const auto& op) { return lower_op(context, id, op); }, node.op);
}

Plan lower_graph(LoweringContext& context) {
  context.attentions = find_attentions(context);
  for (const auto& [av, nodes] : context.attentions) {
    for (const NodeId id : nodes.inside) context.fusions.absorbed[at(id)] = true;
  }
  for (NodeId id = 0; id < context.graph.size(); ++id) lower_node(context, id);
  for (const GraphOutput& output : context.graph.outputs()) {
    context.builder.begin_node(output.node, context.graph[output.node].name);
    context.builder.add_output(output.name, context.places[at(output.node)]);
  }
  return context.builder.finish();
}

}  // namespace

std::shared_ptr<WeightCache> make_weight_cache() {
  return std::make_shared<WeightCache>();
}

Plan lower(const Graph& graph, const Weights& weights, const Scheme& scheme,
           const LowerOptions& options, WeightCache* cache) {
  require_weights(graph, weights, scheme);
  require_one_name_each(graph, scheme);
  const bool all = !options.prune || !options.also.empty();
  const Pruned pruned = all ? whole(graph, options.also) : prune(graph);
  const Scheme inner = moved(scheme, pruned);
  const LowerOptions inner_options = moved(options, pruned);
  const auto output = options.output_tokens ? options.output_tokens : output_tokens(graph);
  const std::map<Site, AxisSpan> output_rows = output_tokens_of(graph, pruned, output);
  WeightCache own;
  LoweringContext context = {
      .graph = pruned.graph,
      .weights = weights,
      .scheme = inner,
      .options = inner_options,
      .output_tokens = output_rows,
      .cache = cache == nullptr ? own : *cache,
      .fusions = fuse(pruned.graph, inner_options),
      .readers = pruned.graph.readers(),
      .attentions = {},
      .places = std::vector<View>(at(pruned.graph.size())),
      .coded = {},
      .builder = PlanBuilder(inner_options.numerics == Numerics::kIntegerOnly ? DType::kS32
                                                                              : DType::kF32)};
  Plan plan = lower_graph(context);
  fuse_codings(plan);
  fuse_copies(plan);
  reuse_residuals(plan);
  place_buffers(plan);
  for (Step& step : plan.steps) step.node = pruned.origin[at(step.node)];
  return plan;
}

}  // namespace vitq
