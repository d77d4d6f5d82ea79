// SPDX-License-Identifier: Apache-2.0
// What the paper's search maximizes: the correlation of a quantized output with the float one and,
// for attention, the order of the logits within a row (arXiv:2106.14156, sections 3.1 and 3.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vitq {

// The correlation of two maps of equally many elements, over all elements: unchanged by an offset
// and a positive factor. 0 if either map is constant.
double pearson(std::span<const float> a, std::span<const float> b);

// What a correlation is made of: the weighted count, and sums of values, squares and products.
struct CorrelationSums {
  double n = 0.0;
  double a = 0.0, b = 0.0;
  double aa = 0.0, bb = 0.0, ab = 0.0;

  void add(const CorrelationSums& other, double weight);
  double correlation() const;
};

// The mean over images of the correlation over all elements of the image's rows.
class ImageCorrelations {
 public:
  // A row, in any order; of one image all rows count as one map. `image`: from 0.
  void add(std::int32_t image, std::span<const float> wanted, std::span<const float> got,
           double weight = 1.0);
  // Images without rows do not count. 0 without rows.
  double mean() const;

 private:
  std::vector<CorrelationSums> images_;
};

// What the rows of a map are: the image each comes from, and how much it counts.
struct MapRows {
  std::span<const std::int32_t> image;  // from 0; as many as there are rows
  std::span<const float> weight = {};   // positive; none: 1 each
};

// ImageCorrelations of the rows of a map.
double mean_pearson(std::span<const float> wanted, std::span<const float> got, const MapRows& rows);

struct ColumnPair {
  std::int32_t i = 0;
  std::int32_t j = 0;  // greater than i
};

// `count` pairs of columns drawn with replacement, each pair equally likely; all pairs there are,
// if they are not more than that. Nothing for fewer than two columns.
std::vector<ColumnPair> sample_pairs(std::int64_t columns, int count, std::uint64_t seed);

// Which differences of a row of logits count, and the gap beyond which they do not.
struct Ranking {
  std::int64_t columns = 0;  // of a row
  double theta = 0.2;
  std::vector<ColumnPair> pairs = {};  // the same ones in every row
};

// The mean over rows and pairs of max(0, theta - (got_i - got_j) * sign(wanted_i - wanted_j)).
// The rows are those of Q K^T d^-1/2, before softmax.
class RankingLoss {
 public:
  void add(std::span<const float> wanted, std::span<const float> got, const Ranking& ranking);
  double mean() const;  // 0 without pairs

 private:
  double sum_ = 0.0;
  std::size_t terms_ = 0;
};
// That of one map.
double ranking_loss(std::span<const float> wanted, std::span<const float> got,
                    const Ranking& ranking);

}  // namespace vitq
