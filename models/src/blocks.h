// SPDX-License-Identifier: Apache-2.0
// This header has the compositions of layers that families share.
#pragma once

#include <optional>

#include "vitq/layers.h"

namespace vitq {

// Makes tokens of a feature map: [N, C, h, w] -> [N, h w, C].
Value to_tokens(Value map);

// [N, T, C] -> [N, heads, T, C / heads]
Value split_heads(Value x, std::int64_t heads);
// [N, heads, T, d] -> [N, T, heads * d]
Value merge_heads(Value x);

// Computes softmax(q k^T / sqrt(d)) v, equation (1) of "Attention Is All You Need", on
// [N, heads, T, d]. Its two products are the sites "<scope>.qk" and "<scope>.av". `hidden`, if any,
// is added to the scores: it is 0 where a key may be looked at and the lowest float elsewhere.
Value attend(const Scope& scope, Value q, Value k, Value v, std::optional<Value> hidden = {});

// Self-attention has one matrix for queries, keys and values. Its weights are "qkv" and "proj".
// `qk_norm` is the eps of the norms "q_norm" and "k_norm" of each head, if there are any.
Value self_attention(const Scope& scope, Value x, std::int64_t heads, Bias qkv_bias,
                     std::optional<float> qk_norm = {});

// A detector's heads have `layers` layers with ReLU between them. Their weights are "layers.0" and
// so on, and all but the last are as wide as x.
struct ReluLayers {
  int layers;
  std::int64_t outputs;
};
Value relu_layers(const Scope& scope, Value x, const ReluLayers& made);

// An MLP has two layers. Their weights are "fc1" and "fc2".
Value mlp(const Scope& scope, Value x, std::int64_t hidden, Act act);
// With a gate it is fc2(act(a) * b), where a and b are the halves of fc1 (arXiv:2002.05202).
Value gated_mlp(const Scope& scope, Value x, std::int64_t hidden, Act act);

}  // namespace vitq
