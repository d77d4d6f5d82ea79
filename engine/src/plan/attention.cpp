// SPDX-License-Identifier: Apache-2.0
// Attention on codes: the product of queries and keys, the softmax and the product with the values
// become one step, so that the scores of a head need not be stored.
#include "plan/attention.h"

#include <algorithm>
#include <limits>

#include "core/text.h"
#include "plan/lowering.h"
#include "plan/views.h"
#include "vitq/error.h"

namespace vitq {
namespace {

// What the scheme states per channel, or what an empty list stands for.
std::vector<float> filled(const std::vector<float>& values, std::size_t count, float otherwise) {
  return values.empty() ? std::vector<float>(count, otherwise) : values;
}

// Queries, keys and values of [N, H, T, d], scores without another head's or image's keys.
bool fits(const Graph& graph, NodeId qk, NodeId av) {
  const auto* product = std::get_if<op::MatMul>(&graph[qk].op);
  if (product == nullptr || !product->transpose_b) return false;
  const Shape& q = graph[graph[qk].inputs[0]].shape;
  const Shape& k = graph[graph[qk].inputs[1]].shape;
  const Shape& v = graph[graph[av].inputs[1]].shape;
  return q.rank() == 4 && k.rank() == 4 && v == k && q[0] == k[0] && q[1] == k[1];
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

}  // namespace

void Lowering::find_attentions() {
  const auto at = [](NodeId id) { return static_cast<std::size_t>(id); };
  const auto observed = [this](NodeId id) {
    return std::ranges::any_of(options_.observe, [id](const Site& s) { return s.node == id; });
  };
  const auto given = [this](NodeId id) {
    return std::ranges::any_of(graph_.outputs(), [id](const auto& o) { return o.node == id; });
  };
  std::vector<bool> found(at(graph_.size()), false);
  for (NodeId av = 0; av < graph_.size(); ++av) {
    const auto* product = std::get_if<op::MatMul>(&graph_[av].op);
    if (product == nullptr || !quantized(av) || product->transpose_b) continue;
    const AttentionNodes nodes = attention_nodes(av);
    const auto read_once = [&](NodeId id) { return readers_[at(id)].size() == 1; };
    if (nodes.inside.empty() || !std::ranges::all_of(nodes.inside, read_once)) continue;
    found[at(av)] = found[at(nodes.qk)] = true;
    // Somebody looks at the scores: they are made.
    if (observed(av) || observed(nodes.qk) || std::ranges::any_of(nodes.inside, given)) continue;
    attentions_[av] = nodes;
    for (const NodeId id : nodes.inside) absorbed_[at(id)] = true;
  }
  for (NodeId id = 0; id < graph_.size(); ++id) {
    const bool lost = std::holds_alternative<op::MatMul>(graph_[id].op) && quantized(id);
    if (!lost || found[at(id)]) continue;
    throw UnsupportedError(cat("layer '", graph_[id].name, "': a product of two activations can ",
                               "be quantized only as part of an attention"));
  }
}

Lowering::AttentionNodes Lowering::attention_nodes(NodeId av) const {
  const NodeId softmax = graph_[av].inputs[0];
  if (!std::holds_alternative<op::Softmax>(graph_[softmax].op)) return {};
  const NodeId scores = graph_[softmax].inputs[0];
  const Node& sum = graph_[scores];
  const bool masked = std::holds_alternative<op::Add>(sum.op);
  const NodeId qk = masked ? sum.inputs[0] : scores;
  if (!quantized(qk) || !fits(graph_, qk, av)) return {};
  if (!masked) return {.qk = qk, .hidden = {}, .inside = {softmax, qk}};
  if (!hides_keys(graph_[sum.inputs[1]], sum.shape)) return {};
  return {.qk = qk, .hidden = sum.inputs[1], .inside = {softmax, scores, qk}};
}

void Lowering::attention(NodeId av) {
  constexpr std::int64_t kSlots = 32;
  const AttentionNodes& nodes = attentions_.at(av);
  const NodeId qk = nodes.qk;
  const View q = columns_last(qk, operand(qk, 0));
  const View k = columns_last(qk, operand(qk, 1));
  const View v = columns_last(av, operand(av, 1));
  require_no_overflow(graph_[av], k.dims[2]);
  step::Attention op = {.scale = std::get<op::MatMul>(graph_[qk].op).scale,
                        .q = params(qk, 0),
                        .k = params(qk, 1),
                        .p = params(av, 0),
                        .v = params(av, 1)};
  const auto channels = static_cast<std::size_t>(q.dims[1] * q.dims[3]);
  const std::vector<float> q_shift = filled(op.q.channel_offset, channels, 0.0F);
  const std::vector<float> balance = filled(op.k.smoothing_scale, channels, 1.0F);
  std::vector<float> inverse(channels);
  std::vector<float> offset(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    inverse[c] = 1.0F / balance[c];
    offset[c] = q_shift[c] * balance[c];
  }
  op.q_shift = constant_view(q_shift);
  op.q_factor = constant_view(balance);
  op.k_shift = constant_view(filled(op.k.channel_offset, channels, 0.0F));
  op.k_factor = constant_view(inverse);
  op.q_offset = constant_view(offset);
  const View out = result(av);
  places_[static_cast<std::size_t>(av)] = out;
  const AttentionScratch scratch(q.dims[-2], k.dims[-2], q.dims[-1]);
  const std::int64_t blocks = (q.dims[2] + scratch.block - 1) / scratch.block;
  op.slots = std::min(kSlots, q.dims[0] * q.dims[1] * blocks);
  const View slots = fresh({op.slots, scratch.bytes}, DType::kU8);
  std::vector<View> in = {q, k, v};
  if (nodes.hidden) in.push_back(places_[static_cast<std::size_t>(*nodes.hidden)]);
  add_step(av, std::move(op), std::move(in), out).scratch = slots;
}

}  // namespace vitq
