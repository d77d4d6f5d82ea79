// SPDX-License-Identifier: Apache-2.0
// The attention map of a head: softmax(scale * query key^T), in float.
#pragma once

#include <cstdint>
#include <vector>

#include "vitq/layer_data.h"
#include "vitq/matrix.h"

namespace vitq {

// One head of f32 [..., heads, tokens, dim], as [tokens, dim].
Matrix head_of(const Tensor& operand, std::int64_t head);

// Takes the softmax of each row, scaled.
void softmax_rows(Matrix& logits, float scale);
// query [rows, dim], key [keys, dim] -> [rows, keys].
Matrix attention_map(const Matrix& query, const Matrix& key, float scale);
// The maps of all heads of one image.
std::vector<Matrix> attention_maps(const AttentionSample& sample, float scale);

}  // namespace vitq
