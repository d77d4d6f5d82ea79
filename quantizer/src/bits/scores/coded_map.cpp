// SPDX-License-Identifier: Apache-2.0
// Computes the attention map as the integer kernels do (docs/numerics.md, "Attention").
#include <algorithm>
#include <cmath>

#include "base/matmul.h"
#include "bits/scores/nuclear_norm.h"
#include "layer/attention_map.h"

namespace vitq {
namespace {

// Reads one head's part of a list with one value per head and channel. An empty list stands for one
// value everywhere.
class OfHead {
 public:
  OfHead(const std::vector<float>& values, std::int64_t head, std::int64_t dim, float otherwise)
      : values_(values), first_(static_cast<std::size_t>(head * dim)), otherwise_(otherwise) {}
  float operator[](std::size_t c) const {
    return values_.empty() ? otherwise_ : values_[first_ + c];
  }

 private:
  const std::vector<float>& values_;
  std::size_t first_;
  float otherwise_;
};

// Replaces queries by what their codes stand for.
void round_query(std::span<float> row, const QParams& params, int bits) {
  const auto [min, max] = std::ranges::minmax(row);
  const bool is_static = params.range == Range::kStatic;
  const float lo = is_static ? params.lo[0] : min;
  const float scale = is_static ? params.scale[0] : row_scale(min, max, bits);
  for (float& v : row) {
    v = lo + scale * static_cast<float>(code_of(v, lo, 1.0F / scale, bits));
  }
}

void round_key(std::span<float> row, const QParams& params, int bits) {
  float max = 0.0F;
  for (const float v : row) max = std::max(max, std::fabs(v));
  const float own = std::max(max / static_cast<float>(max_weight_code(bits)), 1e-9F);
  const float scale = params.range == Range::kStatic ? params.scale[0] : own;
  for (float& v : row) {
    v = scale * static_cast<float>(signed_code_of(v, 1.0F / scale, bits));
  }
}

// Replaces the logits of one query by the probabilities that its values are weighted with.
void to_probabilities(std::span<float> row, const QParams& params, int bits) {
  const float max = std::ranges::max(row);
  double sum = 0.0;
  for (float& v : row) {
    v = std::exp(v - max);
    sum += static_cast<double>(v);
  }
  const auto all = static_cast<float>(sum);
  if (params.range == Range::kStatic) {
    const float scale = params.scale[0];
    for (float& v : row) {
      v = scale * static_cast<float>(code_of(v / all, 0.0F, 1.0F / scale, bits));
    }
    return;
  }
  const auto top = static_cast<float>(max_code(bits));
  float kept = 0.0F;
  for (float& v : row) {
    v = std::nearbyintf(top * v) / (top * all);
    kept += v;
  }
  const float rest = (1.0F - kept) / static_cast<float>(row.size());
  for (float& v : row) v += rest;
}

}  // namespace

std::vector<Matrix> coded_attention_maps(const Tensor& query, const Tensor& key, float scale,
                                         const MapCoding& coding) {
  std::vector<Matrix> maps;
  const std::int64_t dim = query.shape()[2];
  for (std::int64_t head = 0; head < query.shape()[0]; ++head) {
    const OfHead balance(coding.key.smoothing_scale, head, dim, 1.0F);
    const OfHead query_offset(coding.query.channel_offset, head, dim, 0.0F);
    const OfHead key_offset(coding.key.channel_offset, head, dim, 0.0F);
    Matrix q = head_of(query, head);
    Matrix k = head_of(key, head);
    for (std::int64_t r = 0; r < q.rows; ++r) {
      const std::span<float> row = q.row(r);
      for (std::size_t c = 0; c < row.size(); ++c) row[c] = (row[c] - query_offset[c]) * balance[c];
      round_query(row, coding.query, coding.query.bits_of(coding.output.has(r)));
      for (std::size_t c = 0; c < row.size(); ++c) row[c] += query_offset[c] * balance[c];
    }
    for (std::int64_t r = 0; r < k.rows; ++r) {
      const std::span<float> row = k.row(r);
      for (std::size_t c = 0; c < row.size(); ++c) row[c] = (row[c] - key_offset[c]) / balance[c];
      round_key(row, coding.key, coding.key.bits_of(coding.output.has(r)));
    }
    Matrix map = matmul_nt(q, k);
    for (float& v : map.values) v *= scale;
    for (std::int64_t r = 0; r < map.rows; ++r) {
      const int bits = coding.probability.bits_of(coding.output.has(r));
      to_probabilities(map.row(r), coding.probability, bits);
    }
    maps.push_back(std::move(map));
  }
  return maps;
}

}  // namespace vitq
