// SPDX-License-Identifier: Apache-2.0
// Method "qk_smooth": {"images": 8}. It centres queries and keys per channel, and scales the
// channels of one against the other. Of several candidates each head takes the one with the least
// error in the logits. The softmax drops what is constant in a row, so that it does not count.
#include <algorithm>
#include <cmath>

#include "base/matmul.h"
#include "base/parallel.h"
#include "layer/attention_map.h"
#include "methods/list.h"

namespace vitq {
namespace {

constexpr float kMinReach = 1e-6F;

// Keeps the extent of each channel of each head, over all tokens of all images.
struct Extents {
  std::vector<float> min, max;
  std::vector<double> sum, squares;
  double count = 0.0;

  void add(std::span<const float> values, std::int64_t tokens, std::int64_t dim) {
    if (min.empty()) start(values.size() / at(tokens));
    const std::int64_t heads = static_cast<std::int64_t>(min.size()) / dim;
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t t = 0; t < tokens; ++t) {
        add_row(values.subspan(at((h * tokens + t) * dim), at(dim)), at(h * dim));
      }
    }
    count += static_cast<double>(tokens);
  }
  void add(const Extents& other) {
    if (other.min.empty()) return;
    for (std::size_t c = 0; c < min.size(); ++c) {
      min[c] = std::min(min[c], other.min[c]);
      max[c] = std::max(max[c], other.max[c]);
      sum[c] += other.sum[c];
      squares[c] += other.squares[c];
    }
    count += other.count;
  }

  float middle(std::size_t c) const { return (min[c] + max[c]) / 2.0F; }
  float reach(std::size_t c) const { return std::max((max[c] - min[c]) / 2.0F, kMinReach); }
  float deviation(std::size_t c) const {
    const double mean = sum[c] / count;
    return std::max(static_cast<float>(std::sqrt(std::max(squares[c] / count - mean * mean, 0.0))),
                    kMinReach);
  }

 private:
  void start(std::size_t channels) {
    min.assign(channels, INFINITY);
    max.assign(channels, -INFINITY);
    sum.assign(channels, 0.0);
    squares.assign(channels, 0.0);
  }
  void add_row(std::span<const float> row, std::size_t first) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t c = first + i;
      min[c] = std::min(min[c], row[i]);
      max[c] = std::max(max[c], row[i]);
      sum[c] += static_cast<double>(row[i]);
      squares[c] += static_cast<double>(row[i]) * static_cast<double>(row[i]);
    }
  }
};

struct Both {
  Extents query, key;
};

Both measure(const AttentionDraft& attention, const AttentionData& data) {
  std::vector<Both> lanes(kLanes);
  for_lanes(data.threads, data.images, [&](std::int64_t lane, std::int64_t image) {
    const AttentionSample sample = data.sample(image);
    lanes[at(lane)].query.add(sample.query.as<float>(), sample.query.shape()[-2], attention.dim);
    lanes[at(lane)].key.add(sample.key.as<float>(), sample.key.shape()[-2], attention.dim);
  });
  for (std::size_t i = 1; i < lanes.size(); ++i) {
    lanes[0].query.add(lanes[i].query);
    lanes[0].key.add(lanes[i].key);
  }
  return std::move(lanes[0]);
}

// Quantizes the queries and keys of one head, given its part of the scales and offsets.
struct HeadChannels {
  std::span<const float> balance, query_centre, key_centre;
  const AttentionDraft& attention;

  Matrix quantized_queries(Matrix rows) const {
    for (std::int64_t r = 0; r < rows.rows; ++r) {
      const std::span<float> row = rows.row(r);
      for (std::size_t c = 0; c < row.size(); ++c) row[c] = (row[c] - query_centre[c]) * balance[c];
      const auto [min, max] = std::minmax_element(row.begin(), row.end());
      const int bits = attention.query.bits_of(attention.output_tokens.has(r));
      const float lo = *min;
      const float scale = row_scale(lo, *max, bits);
      for (std::size_t c = 0; c < row.size(); ++c) {
        row[c] = lo + scale * static_cast<float>(code_of(row[c], lo, 1.0F / scale, bits)) +
                 query_centre[c] * balance[c];
      }
    }
    return rows;
  }
  Matrix quantized_keys(Matrix rows) const {
    for (std::int64_t r = 0; r < rows.rows; ++r) {
      const std::span<float> row = rows.row(r);
      float reach = 0.0F;
      for (std::size_t c = 0; c < row.size(); ++c) {
        row[c] = (row[c] - key_centre[c]) / balance[c];
        reach = std::max(reach, std::abs(row[c]));
      }
      const int bits = attention.key.bits_of(attention.output_tokens.has(r));
      const float scale = std::max(reach / static_cast<float>(max_weight_code(bits)), 1e-9F);
      for (float& v : row) v = scale * static_cast<float>(signed_code_of(v, 1.0F / scale, bits));
    }
    return rows;
  }
};

// Sums the squares of a - b, less the mean of each row.
double centred_distance(const Matrix& a, const Matrix& b) {
  double total = 0.0;
  for (std::int64_t r = 0; r < a.rows; ++r) {
    double sum = 0.0;
    double squares = 0.0;
    for (std::size_t c = 0; c < at(a.cols); ++c) {
      const double off = static_cast<double>(a.row(r)[c]) - static_cast<double>(b.row(r)[c]);
      sum += off;
      squares += off * off;
    }
    total += squares - sum * sum / static_cast<double>(a.cols);
  }
  return total;
}

class QkSmooth : public Method {
 public:
  explicit QkSmooth(std::int64_t images) : images_(images) {}

  void fit_attention(AttentionDraft& attention, AttentionData& data) const override {
    const Both both = measure(attention, data);
    const std::size_t channels = both.query.min.size();
    attention.query.channel_offset.resize(channels);
    attention.key.channel_offset.resize(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      attention.query.channel_offset[c] = both.query.middle(c);
      attention.key.channel_offset[c] = both.key.middle(c);
    }
    std::vector<std::vector<float>> candidates = candidates_for(both, at(attention.dim));
    attention.key.smoothing_scale = candidates[0];
    parallel_for(data.threads, attention.heads,
                 [&](std::int64_t head) { choose(attention, data, candidates, head); });
  }

 private:
  // The first candidate scales nothing. Each head's factors have a geometric mean of 1.
  static std::vector<std::vector<float>> candidates_for(const Both& both, std::size_t dim) {
    const std::size_t channels = both.query.min.size();
    std::vector<std::vector<float>> all = {std::vector<float>(channels, 1.0F)};
    for (const float a : {0.0F, 0.25F, 0.5F, 0.75F, 1.0F}) {
      std::vector<float>& t = all.emplace_back(channels);
      for (std::size_t c = 0; c < channels; ++c) {
        t[c] = std::pow(both.key.reach(c), a) / std::pow(both.query.reach(c), 1.0F - a);
      }
    }
    std::vector<float>& t = all.emplace_back(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      t[c] = std::sqrt(both.key.deviation(c) / both.query.deviation(c));
    }
    for (std::vector<float>& factors : all) normalize(factors, dim);
    return all;
  }

  static void normalize(std::vector<float>& factors, std::size_t dim) {
    for (std::size_t head = 0; head < factors.size(); head += dim) {
      double logs = 0.0;
      for (std::size_t c = head; c < head + dim; ++c) {
        logs += std::log(static_cast<double>(factors[c])) / static_cast<double>(dim);
      }
      for (std::size_t c = head; c < head + dim; ++c) {
        factors[c] = static_cast<float>(static_cast<double>(factors[c]) / std::exp(logs));
      }
    }
  }

  void choose(AttentionDraft& attention, const AttentionData& data,
              const std::vector<std::vector<float>>& candidates, std::int64_t head) const {
    const std::size_t first = at(head * attention.dim);
    const std::size_t dim = at(attention.dim);
    std::vector<double> errors(candidates.size(), 0.0);
    const std::int64_t images = std::min(images_, data.images);
    for (std::int64_t i = 0; i < images; ++i) {
      const AttentionSample sample = data.sample(i * data.images / images);
      const Matrix query = head_of(sample.query, head);
      const Matrix key = head_of(sample.key, head);
      const Matrix logits = matmul_nt(query, key);
      for (std::size_t n = 0; n < candidates.size(); ++n) {
        const HeadChannels parts = {std::span(candidates[n]).subspan(first, dim),
                                    std::span(attention.query.channel_offset).subspan(first, dim),
                                    std::span(attention.key.channel_offset).subspan(first, dim),
                                    attention};
        const Matrix found = matmul_nt(parts.quantized_queries(query), parts.quantized_keys(key));
        errors[n] += centred_distance(found, logits);
      }
    }
    const auto best = std::min_element(errors.begin(), errors.end()) - errors.begin();
    std::copy_n(
        candidates[static_cast<std::size_t>(best)].begin() + static_cast<std::ptrdiff_t>(first),
        dim, attention.key.smoothing_scale.begin() + static_cast<std::ptrdiff_t>(first));
  }

  std::int64_t images_;
};

}  // namespace

std::unique_ptr<const Method> make_qk_smooth(Settings& settings) {
  return std::make_unique<QkSmooth>(settings.integer("images", 8, 1 << 20));
}

}  // namespace vitq
