// SPDX-License-Identifier: Apache-2.0
// What the paper's search maximizes (arXiv:2106.14156, sections 3.1 and 3.2). It is the correlation
// of a quantized output with the float one. For an attention, the order of the logits within a row
// counts, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vitq {

// Pearson's correlation over all elements of two maps of the same size. An offset or a positive
// factor does not change it. It is 0 if either map is constant.
double pearson(std::span<const float> a, std::span<const float> b);

// The terms of a correlation: the weighted count, and the sums of values, squares and products.
struct CorrelationSums {
  double n = 0.0;
  double a = 0.0, b = 0.0;
  double aa = 0.0, bb = 0.0, ab = 0.0;

  void add(const CorrelationSums& other, double weight);
  double correlation() const;
};

// The mean over images of the correlation over all elements of an image's rows.
class ImageCorrelations {
 public:
  // Adds a row, in any order. All rows of an image count as one map. Images count from 0.
  void add(std::int32_t image, std::span<const float> wanted, std::span<const float> got,
           double weight = 1.0);
  // Images without rows do not count. The mean is 0 if there are no rows.
  double mean() const;

 private:
  std::vector<CorrelationSums> images_;
};

// Which image each row of a map comes from, and how much it counts.
struct MapRows {
  std::span<const std::int32_t> image;  // [rows], from 0
  std::span<const float> weight = {};   // [rows], positive; if empty, each row counts 1
};

// ImageCorrelations::mean() of the rows of a map.
double mean_pearson(std::span<const float> wanted, std::span<const float> got, const MapRows& rows);

struct ColumnPair {
  std::int32_t i = 0;
  std::int32_t j = 0;  // greater than i
};

// Draws `count` pairs of columns with replacement, each pair equally likely. If there are no more
// than that, all pairs are taken. Fewer than two columns have none.
std::vector<ColumnPair> sample_pairs(std::int64_t columns, int count, std::uint64_t seed);

// Which differences within a row of logits count, and the gap beyond which they do not.
struct Ranking {
  std::int64_t columns = 0;  // in a row
  double theta = 0.2;
  std::vector<ColumnPair> pairs = {};  // the same ones in every row
};

// The mean over rows and pairs of max(0, theta - (got_i - got_j) * sign(wanted_i - wanted_j))
// (section 3.2). The rows are those of Q K^T d^-1/2, which enter the softmax.
class RankingLoss {
 public:
  void add(std::span<const float> wanted, std::span<const float> got, const Ranking& ranking);
  double mean() const;  // 0 without pairs

 private:
  double sum_ = 0.0;
  std::size_t terms_ = 0;
};
// The ranking loss of one map.
double ranking_loss(std::span<const float> wanted, std::span<const float> got,
                    const Ranking& ranking);

}  // namespace vitq
