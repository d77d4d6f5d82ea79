// SPDX-License-Identifier: Apache-2.0
#include "methods/correlation/attention_rows.h"

#include <algorithm>

#include "layer/attention_map.h"
#include "layer/image_sampling.h"
#include "layer/symmetric.h"

namespace vitq {
namespace {

// [rows, cols] -> [cols, rows].
Matrix transposed(const Matrix& m) {
  Matrix result(m.cols, m.rows);
  for (std::int64_t r = 0; r < m.rows; ++r) {
    for (std::int64_t c = 0; c < m.cols; ++c) result.row(c)[at(r)] = m.row(r)[at(c)];
  }
  return result;
}

void keep(AttentionRows& rows, const AttentionSample& sample) {
  const std::int32_t image = rows.image.empty() ? 0 : rows.image.back() + 1;
  for (std::int64_t h = 0; h < sample.query.shape()[0]; ++h) {
    rows.query.push_back(head_of(sample.query, h));
    rows.key.push_back(head_of(sample.key, h));
    rows.value.push_back(transposed(head_of(sample.value, h)));
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

}  // namespace vitq
