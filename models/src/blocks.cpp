// SPDX-License-Identifier: Apache-2.0
#include "blocks.h"

#include <cmath>

namespace vitq {

Value to_tokens(Value map) {
  const Shape s = map.shape();
  return permute(reshape(map, {s[0], s[1], s[2] * s[3]}), {0, 2, 1});
}

Value split_heads(Value x, std::int64_t heads) {
  const Shape s = x.shape();
  return permute(reshape(x, {s[0], s[1], heads, s[2] / heads}), {0, 2, 1, 3});
}

Value merge_heads(Value x) {
  const Shape s = x.shape();
  return reshape(permute(x, {0, 2, 1, 3}), {s[0], s[2], s[1] * s[3]});
}

Value attend(const Scope& scope, Value q, Value k, Value v, std::optional<Value> hidden) {
  const auto d = static_cast<double>(q.shape()[-1]);
  Value logits = matmul_transposed(scope / "qk", q, k, static_cast<float>(1.0 / std::sqrt(d)));
  if (hidden) logits = logits + *hidden;
  return matmul(scope / "av", softmax(logits), v);
}

Value self_attention(const Scope& scope, Value x, std::int64_t heads, Bias qkv_bias,
                     std::optional<float> qk_norm) {
  const std::int64_t dim = x.shape()[-1];
  const Value qkv = linear(scope / "qkv", x, 3 * dim, qkv_bias);  // [N, T, 3 C]
  const auto part = [&](std::int64_t i) {
    return split_heads(slice(qkv, 2, i * dim, (i + 1) * dim), heads);
  };
  Value q = part(0);
  Value k = part(1);
  if (qk_norm) {
    q = layer_norm(scope / "q_norm", q, *qk_norm);
    k = layer_norm(scope / "k_norm", k, *qk_norm);
  }
  return linear(scope / "proj", merge_heads(attend(scope, q, k, part(2))), dim);
}

Value relu_layers(const Scope& scope, Value x, const ReluLayers& made) {
  const std::int64_t dim = x.shape()[-1];
  for (int i = 0; i + 1 < made.layers; ++i)
    x = activate(linear(scope / "layers" / i, x, dim), Act::kRelu);
  return linear(scope / "layers" / (made.layers - 1), x, made.outputs);
}

Value mlp(const Scope& scope, Value x, std::int64_t hidden, Act act) {
  const std::int64_t dim = x.shape()[-1];
  return linear(scope / "fc2", activate(linear(scope / "fc1", x, hidden), act), dim);
}

Value gated_mlp(const Scope& scope, Value x, std::int64_t hidden, Act act) {
  const std::int64_t dim = x.shape()[-1];
  const Value both = linear(scope / "fc1", x, 2 * hidden);
  const Value gate = activate(slice(both, 2, 0, hidden), act);
  return linear(scope / "fc2", gate * slice(both, 2, hidden, 2 * hidden), dim);
}

}  // namespace vitq
