// SPDX-License-Identifier: Apache-2.0
// Attention on codes: the product of queries and keys, the softmax and the product with the values
// become one step, so that the scores of a head need not be stored.
#include "plan/attention.h"

#include <algorithm>

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

}  // namespace

void Lowering::find_attentions() {
  const auto at = [](NodeId id) { return static_cast<std::size_t>(id); };
  const auto observed = [this](NodeId id) {
    for (const Site& site : options_.observe) {
      if (site.node == id) return true;
    }
    return false;
  };
  for (NodeId av = 0; av < graph_.size(); ++av) {
    const auto* product = std::get_if<op::MatMul>(&graph_[av].op);
    if (product == nullptr || !quantized(av) || product->transpose_b) continue;
    const AttentionNodes nodes = attention_nodes(av);
    const auto read_once = [&](NodeId id) { return readers_[at(id)].size() == 1; };
    if (!std::ranges::all_of(nodes.inside, read_once) || nodes.inside.empty()) {
      throw UnsupportedError(cat("layer '", graph_[av].name, "': a product of two activations can ",
                                 "be quantized only as part of an attention"));
    }
    // Somebody looks at the scores: they are made.
    if (observed(av) || observed(nodes.qk)) continue;
    attentions_[av] = nodes;
    for (const NodeId id : nodes.inside) absorbed_[at(id)] = true;
  }
}

Lowering::AttentionNodes Lowering::attention_nodes(NodeId av) const {
  const NodeId softmax = graph_[av].inputs[0];
  if (!std::holds_alternative<op::Softmax>(graph_[softmax].op)) return {};
  const NodeId scores = graph_[softmax].inputs[0];
  if (quantized(scores)) return {.qk = scores, .hidden = {}, .inside = {softmax, scores}};
  const Node& sum = graph_[scores];
  if (!std::holds_alternative<op::Add>(sum.op)) return {};
  const NodeId qk = sum.inputs[0];
  const NodeId hidden = sum.inputs[1];
  const Shape& shape = graph_[hidden].shape;
  const bool by_key = std::holds_alternative<op::Constant>(graph_[hidden].op) &&
                      shape.rank() == 4 && shape[1] == 1 && shape[2] == 1;
  if (!quantized(qk) || !by_key) return {};
  return {.qk = qk, .hidden = hidden, .inside = {softmax, scores, qk}};
}

void Lowering::attention(NodeId av) {
  constexpr std::int64_t kSlots = 32;
  const AttentionNodes& nodes = attentions_.at(av);
  const NodeId qk = nodes.qk;
  const View q = columns_last(qk, operand(qk, 0));
  const View k = columns_last(qk, operand(qk, 1));
  const View v = columns_last(av, operand(av, 1));
  step::Attention op = {.scale = std::get<op::MatMul>(graph_[qk].op).scale,
                        .q = params(qk, 0),
                        .k = params(qk, 1),
                        .p = params(av, 0),
                        .v = params(av, 1)};
  const auto channels = static_cast<std::size_t>(q.dims[1] * q.dims[3]);
  const std::vector<float> q_shift = filled(op.q.shift, channels, 0.0F);
  const std::vector<float> balance = filled(op.k.fold, channels, 1.0F);
  std::vector<float> inverse(channels);
  std::vector<float> offset(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    inverse[c] = 1.0F / balance[c];
    offset[c] = q_shift[c] * balance[c];
  }
  op.q_shift = constant_view(q_shift);
  op.q_factor = constant_view(balance);
  op.k_shift = constant_view(filled(op.k.shift, channels, 0.0F));
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
