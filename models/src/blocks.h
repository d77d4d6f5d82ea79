// SPDX-License-Identifier: Apache-2.0
// Compositions that families share.
#pragma once

#include <optional>

#include "vitq/layers.h"

namespace vitq {

// [N, T, C] -> [N, heads, T, C / heads]
Value split_heads(Value x, std::int64_t heads);
// [N, heads, T, d] -> [N, T, heads * d]
Value merge_heads(Value x);

// softmax(q k^T / sqrt(d)) v of "Attention Is All You Need", equation (1), on [N, heads, T, d]. The
// two products are the sites "<scope>.qk" and "<scope>.av". `hidden`, if any, is added to the
// scores: 0 where a key may be looked at, the lowest float where not.
Value attend(const Scope& scope, Value q, Value k, Value v, std::optional<Value> hidden = {});

// Self-attention with one matrix for queries, keys and values: weights "qkv" and "proj".
Value self_attention(const Scope& scope, Value x, std::int64_t heads, Bias qkv_bias);

// Two layers: weights "fc1" and "fc2".
Value mlp(const Scope& scope, Value x, std::int64_t hidden, Act act);

}  // namespace vitq
