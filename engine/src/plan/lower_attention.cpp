// SPDX-License-Identifier: Apache-2.0
// Attention on codes is one step: the product of queries and keys, the softmax and the product with
// the values. So the scores of a head need not be stored.
#include <algorithm>
#include <limits>

#include "core/text.h"
#include "plan/lowering.h"
#include "plan/views.h"
#include "vitq/error.h"

namespace vitq {
namespace {

// Queries and keys of [N, H, T, d], values of another width perhaps, and scores without another
// head's or image's keys.
bool fits(const Graph& graph, NodeId qk, NodeId av) {
  const auto* product = std::get_if<op::MatMul>(&graph[qk].op);
  if (product == nullptr || !product->transpose_b) return false;
  const Shape& q = graph[graph[qk].inputs[0]].shape;
  const Shape& k = graph[graph[qk].inputs[1]].shape;
  const Shape& v = graph[graph[av].inputs[1]].shape;
  return q.rank() == 4 && k.rank() == 4 && v.with(3, k[3]) == k && q[0] == k[0] && q[1] == k[1];
}

// A constant [N, 1, 1, T] that takes some keys away and leaves the others as they are.
bool hides_keys(const Node& node, const Shape& scores) {
  const auto* constant = std::get_if<op::Constant>(&node.op);
  if (constant == nullptr || node.shape != Shape{scores[0], 1, 1, scores[3]}) return false;
  const Tensor values = constant->value.to_f32();
  return std::ranges::all_of(values.as<float>(), [](float value) {
    return value == 0.0F || value == std::numeric_limits<float>::lowest();
  });
}

AttentionNodes attention_nodes(const LoweringContext& context, NodeId av) {
  const Graph& graph = context.graph;
  const NodeId softmax = graph[av].inputs[0];
  if (!std::holds_alternative<op::Softmax>(graph[softmax].op)) return {};
  const NodeId scores = graph[softmax].inputs[0];
  const Node& sum = graph[scores];
  const bool masked = std::holds_alternative<op::Add>(sum.op);
  const NodeId qk = masked ? sum.inputs[0] : scores;
  if (!context.quantized(qk) || !fits(graph, qk, av)) return {};
  if (!masked) return {.qk = qk, .hidden = {}, .inside = {softmax, qk}};
  if (!hides_keys(graph[sum.inputs[1]], sum.shape)) return {};
  return {.qk = qk, .hidden = sum.inputs[1], .inside = {softmax, scores, qk}};
}

// Whether somebody looks at the scores, so that they have to be made.
bool scores_are_seen(const LoweringContext& context, NodeId av, const AttentionNodes& nodes) {
  const auto observed = [&](const Site& site) { return site.node == av || site.node == nodes.qk; };
  const auto given = [&](const GraphOutput& output) {
    return std::ranges::count(nodes.inside, output.node) > 0;
  };
  return std::ranges::any_of(context.options.observe, observed) ||
         std::ranges::any_of(context.graph.outputs(), given);
}

// What the step computes with, one value for each head and channel.
struct AttentionConstants {
  Tensor q_offset, q_factor, k_offset, k_factor, q_score;
};

// What the scheme states per channel, or what an empty list stands for.
Tensor per_channel(const std::vector<float>& values, std::int64_t channels, float otherwise) {
  Tensor tensor({channels}, DType::kF32);
  std::ranges::fill(tensor.as<float>(), otherwise);
  std::ranges::copy(values, tensor.as<float>().begin());
  return tensor;
}

AttentionConstants attention_constants(const QParams& q, const QParams& k, std::int64_t channels) {
  AttentionConstants result = {.q_offset = per_channel(q.channel_offset, channels, 0.0F),
                               .q_factor = per_channel(k.smoothing_scale, channels, 1.0F),
                               .k_offset = per_channel(k.channel_offset, channels, 0.0F),
                               .k_factor = Tensor({channels}, DType::kF32),
                               .q_score = Tensor({channels}, DType::kF32)};
  for (std::size_t c = 0; c < at(channels); ++c) {
    const float smoothing = result.q_factor.as<float>()[c];
    result.k_factor.as<float>()[c] = 1.0F / smoothing;
    result.q_score.as<float>()[c] = result.q_offset.as<float>()[c] * smoothing;
  }
  return result;
}

AttentionConstants fixed_constants(const AttentionConstants& floats, const std::string& name) {
  return {.q_offset = fixed_values(floats.q_offset),
          .q_factor = fixed_factors(floats.q_factor, name),
          .k_offset = fixed_values(floats.k_offset),
          .k_factor = fixed_factors(floats.k_factor, name),
          .q_score = fixed_values(floats.q_score)};
}

// Sums over the keys fit 32 bits. On integers only, those over the channels have to be seen to,
// too.
void require_sums(const LoweringContext& context, NodeId qk, NodeId av) {
  const Graph& graph = context.graph;
  require_no_overflow(context, av, graph[graph[av].inputs[1]].shape[2]);
  if (!context.integer_only()) return;
  require_no_overflow(context, qk, graph[graph[qk].inputs[0]].shape[3]);
  for (const NodeId id : {qk, av}) {
    for (const int operand : {0, 1}) require_integers(context, {id, operand});
  }
}

void place_constants(LoweringContext& context, NodeId av, step::Attention& attention) {
  PlanBuilder& builder = context.builder;
  const std::int64_t channels = attention.q.dims[1] * attention.q.dims[3];
  const std::string& name = context.graph[av].name;
  const auto constants = context.once<AttentionConstants>(name, "attention", [&] {
    const AttentionConstants floats =
        attention_constants(attention.q_params, attention.k_params, channels);
    return context.integer_only() ? fixed_constants(floats, name) : floats;
  });
  attention.q_offset = builder.constant(constants.q_offset);
  attention.q_factor = builder.constant(constants.q_factor);
  attention.k_offset = builder.constant(constants.k_offset);
  attention.k_factor = builder.constant(constants.k_factor);
  attention.q_score = builder.constant(constants.q_score);
}

}  // namespace

std::map<NodeId, AttentionNodes> find_attentions(const LoweringContext& context) {
  const Graph& graph = context.graph;
  const auto read_once = [&](NodeId id) { return context.readers[at(id)].size() == 1; };
  std::map<NodeId, AttentionNodes> attentions;
  std::vector<bool> found(at(graph.size()), false);
  for (NodeId av = 0; av < graph.size(); ++av) {
    const auto* product = std::get_if<op::MatMul>(&graph[av].op);
    if (product == nullptr || !context.quantized(av) || product->transpose_b) continue;
    const AttentionNodes nodes = attention_nodes(context, av);
    if (nodes.inside.empty() || !std::ranges::all_of(nodes.inside, read_once)) continue;
    found[at(av)] = found[at(nodes.qk)] = true;
    if (!scores_are_seen(context, av, nodes)) attentions[av] = nodes;
  }
  for (NodeId id = 0; id < graph.size(); ++id) {
    const bool lost = std::holds_alternative<op::MatMul>(graph[id].op) && context.quantized(id);
    if (!lost || found[at(id)]) continue;
    throw UnsupportedError(cat("layer '", graph[id].name, "': a product of two activations can ",
                               "be quantized only as part of an attention"));
  }
  return attentions;
}

View lower_attention(LoweringContext& context, NodeId av) {
  const AttentionNodes& nodes = context.attentions.at(av);
  const NodeId qk = nodes.qk;
  PlanBuilder& builder = context.builder;
  const auto begin_node = [&](NodeId id) { builder.begin_node(id, context.graph[id].name); };
  step::Attention attention = {.scale = std::get<op::MatMul>(context.graph[qk].op).scale,
                               .q_params = context.params(qk, 0),
                               .k_params = context.params(qk, 1),
                               .p_params = context.params(av, 0),
                               .v_params = context.params(av, 1)};
  begin_node(qk);
  attention.q = builder.columns_last(context.operand(qk, 0));
  attention.k = builder.columns_last(context.operand(qk, 1));
  begin_node(av);
  attention.v = builder.columns_last(context.operand(av, 1));
  attention.q_output = context.output_rows({qk, 0}, attention.q.dims[2]);
  attention.k_output = context.output_rows({qk, 1}, attention.k.dims[2]);
  if (nodes.hidden) attention.hidden = context.places[at(*nodes.hidden)];
  require_sums(context, qk, av);

  place_constants(context, av, attention);
  const View out = matmul_result(context, av);
  builder.add_step(std::move(attention), out);
  return out;
}

}  // namespace vitq
