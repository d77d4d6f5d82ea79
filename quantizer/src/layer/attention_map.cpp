// SPDX-License-Identifier: Apache-2.0
#include "layer/attention_map.h"

#include <algorithm>
#include <cmath>

#include "base/matmul.h"

namespace vitq {

Matrix head_of(const Tensor& operand, std::int64_t head) {
  Matrix rows(operand.shape()[-2], operand.shape()[-1]);
  const std::span<const float> all = operand.as<float>();
  std::copy_n(all.begin() + head * rows.rows * rows.cols, rows.rows * rows.cols,
              rows.values.begin());
  return rows;
}

void softmax_rows(Matrix& logits, float scale) {
  for (std::int64_t r = 0; r < logits.rows; ++r) {
    const std::span<float> row = logits.row(r);
    const float top = *std::max_element(row.begin(), row.end());
    double sum = 0.0;
    for (float& v : row) {
      v = std::exp(scale * (v - top));
      sum += static_cast<double>(v);
    }
    const auto inverse = static_cast<float>(1.0 / sum);
    for (float& v : row) v *= inverse;
  }
}

Matrix attention_map(const Matrix& query, const Matrix& key, float scale) {
  Matrix p = matmul_nt(query, key);
  softmax_rows(p, scale);
  return p;
}

std::vector<Matrix> attention_maps(const AttentionSample& sample, float scale) {
  std::vector<Matrix> maps;
  for (std::int64_t head = 0; head < sample.query.shape()[0]; ++head) {
    maps.push_back(attention_map(head_of(sample.query, head), head_of(sample.key, head), scale));
  }
  return maps;
}

}  // namespace vitq
