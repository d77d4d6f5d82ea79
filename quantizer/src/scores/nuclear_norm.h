// SPDX-License-Identifier: Apache-2.0
// What the paper's score is made of.
#pragma once

#include "vitq/matrix.h"
#include "vitq/quant.h"
#include "vitq/tensor.h"

namespace vitq {

// The sum of the singular values.
double nuclear_norm(const Matrix& matrix);

// How the two products of an attention are coded: queries, keys, and probabilities.
struct MapCoding {
  QParams query, key, probability;
};
// softmax(scale query key^T) of every head as the coded attention has it: query, key
// [heads, tokens, dim] in float. What the code of the softmax loses goes to all keys alike, as
// the mean of the values gives it back.
std::vector<Matrix> coded_probabilities(const Tensor& query, const Tensor& key, float scale,
                                        const MapCoding& coding);

}  // namespace vitq
