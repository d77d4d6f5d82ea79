// SPDX-License-Identifier: Apache-2.0
// What the paper's score is made of (Liu et al., NeurIPS 2021, section 3.4).
#pragma once

#include "vitq/matrix.h"
#include "vitq/quant.h"
#include "vitq/tensor.h"

namespace vitq {

// The sum of the singular values, each within 1e-7 of the largest.
double nuclear_norm(const Matrix& matrix);

// How the operands of an attention map and its probabilities are coded.
struct MapCoding {
  QParams query, key, probability;
  RowSpan output = {};  // which tokens are output tokens
};
// softmax(scale * query key^T) of every head, [tokens, keys], as the quantized attention computes
// it from float queries and keys [heads, tokens, dim]. What the code of the softmax loses is spread
// evenly over the keys, as the mean of the values gives it back.
std::vector<Matrix> coded_attention_maps(const Tensor& query, const Tensor& key, float scale,
                                         const MapCoding& coding);

}  // namespace vitq
