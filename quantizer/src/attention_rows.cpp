// SPDX-License-Identifier: Apache-2.0
#include "attention_rows.h"

#include <algorithm>
#include <cmath>

#include "product.h"
#include "sampling.h"
#include "symmetric.h"

namespace vitq {
namespace {

// One head of f32 [heads, tokens, dim].
struct Head {
  std::span<const float> values;  // [tokens, dim]
  std::int64_t tokens = 0;
  std::int64_t dim = 0;

  Head(const Tensor& tensor, std::int64_t head)
      : tokens(tensor.shape()[1]), dim(tensor.shape()[2]) {
    const auto size = static_cast<std::size_t>(tokens * dim);
    values = tensor.as<float>().subspan(static_cast<std::size_t>(head) * size, size);
  }
  float at(std::int64_t token, std::int64_t channel) const {
    return values[static_cast<std::size_t>(token * dim + channel)];
  }
  Matrix whole() const {
    Matrix m(tokens, dim);
    m.values.assign(values.begin(), values.end());
    return m;
  }
  Matrix transposed() const {
    Matrix m(dim, tokens);
    for (std::int64_t c = 0; c < dim; ++c) {
      for (std::int64_t t = 0; t < tokens; ++t) m.row(c)[static_cast<std::size_t>(t)] = at(t, c);
    }
    return m;
  }
};

void keep(AttentionRows& rows, const AttentionSample& sample) {
  const std::int32_t image = rows.image.empty() ? 0 : rows.image.back() + 1;
  for (std::int64_t h = 0; h < sample.query.shape()[0]; ++h) {
    rows.query.push_back(Head(sample.query, h).whole());
    rows.key.push_back(Head(sample.key, h).whole());
    rows.value.push_back(Head(sample.value, h).transposed());
    rows.image.push_back(image);
  }
}

void widen(float& max, const Tensor& tensor) {
  max = std::max(max, largest_magnitude(tensor.as<float>()));
}

}  // namespace

AttentionRows attention_rows(const AttentionDraft& attention, const AttentionData& data,
                             std::int64_t tokens) {
  AttentionRows rows;
  rows.scale = attention.scale;
  std::int64_t queries = 0;
  for (std::int64_t i = 0; i < data.images; ++i) queries += data.sample(i).query.shape()[1];
  const std::int64_t kept = images_for(tokens, queries, data.images);
  for (std::int64_t i = 0; i < data.images; ++i) {
    const AttentionSample sample = data.sample(i);
    widen(rows.query_max, sample.query);
    widen(rows.key_max, sample.key);
    widen(rows.value_max, sample.value);
    if (in_sample(i, data.images, kept)) keep(rows, sample);
  }
  return rows;
}

Matrix attention_probabilities(const Matrix& query, const Matrix& key, float scale) {
  Matrix p = product_transposed(query, key);
  for (std::int64_t r = 0; r < p.rows; ++r) {
    const std::span<float> row = p.row(r);
    const float top = *std::max_element(row.begin(), row.end());
    double sum = 0.0;
    for (float& v : row) {
      v = std::exp(scale * (v - top));
      sum += static_cast<double>(v);
    }
    const auto inverse = static_cast<float>(1.0 / sum);
    for (float& v : row) v *= inverse;
  }
  return p;
}

std::vector<Matrix> probabilities(const AttentionSample& sample, float scale) {
  std::vector<Matrix> result;
  for (std::int64_t h = 0; h < sample.query.shape()[0]; ++h) {
    const Matrix query = Head(sample.query, h).whole();
    const Matrix key = Head(sample.key, h).whole();
    result.push_back(attention_probabilities(query, key, scale));
  }
  return result;
}

}  // namespace vitq
