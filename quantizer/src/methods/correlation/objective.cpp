// SPDX-License-Identifier: Apache-2.0
#include "methods/correlation/objective.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "base/random.h"

namespace vitq {
namespace {

// Four independent lanes can run side by side.
CorrelationSums sums_of(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t kLanes = 4;
  std::array<CorrelationSums, kLanes> lanes;
  const auto add = [&](std::size_t lane, std::size_t i) {
    CorrelationSums& s = lanes[lane];
    const auto x = static_cast<double>(a[i]);
    const auto y = static_cast<double>(b[i]);
    s.a += x;
    s.b += y;
    s.aa += x * x;
    s.bb += y * y;
    s.ab += x * y;
  };
  const std::size_t whole = a.size() - a.size() % kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) add(l, i + l);
  }
  for (std::size_t i = whole; i < a.size(); ++i) add(0, i);
  CorrelationSums sums;
  for (const CorrelationSums& lane : lanes) sums.add(lane, 1.0);
  sums.n = static_cast<double>(a.size());
  return sums;
}

double sign(double x) {
  return x > 0.0 ? 1.0 : (x < 0.0 ? -1.0 : 0.0);
}

}  // namespace

void CorrelationSums::add(const CorrelationSums& other, double weight) {
  n += weight * other.n;
  a += weight * other.a;
  b += weight * other.b;
  aa += weight * other.aa;
  bb += weight * other.bb;
  ab += weight * other.ab;
}

double CorrelationSums::correlation() const {
  if (n == 0.0) return 0.0;
  const double var_a = aa / n - (a / n) * (a / n);
  const double var_b = bb / n - (b / n) * (b / n);
  if (!(var_a > 0.0) || !(var_b > 0.0)) return 0.0;
  return (ab / n - (a / n) * (b / n)) / (std::sqrt(var_a) * std::sqrt(var_b));
}

double pearson(std::span<const float> a, std::span<const float> b) {
  return sums_of(a, b).correlation();
}

void ImageCorrelations::add(std::int32_t image, std::span<const float> wanted,
                            std::span<const float> got, double weight) {
  const auto index = static_cast<std::size_t>(image);
  if (index >= images_.size()) images_.resize(index + 1);
  images_[index].add(sums_of(wanted, got), weight);
}

double ImageCorrelations::mean() const {
  double sum = 0.0;
  int count = 0;
  for (const CorrelationSums& image : images_) {
    if (image.n == 0.0) continue;
    sum += image.correlation();
    ++count;
  }
  return count == 0 ? 0.0 : sum / count;
}

double mean_pearson(std::span<const float> wanted, std::span<const float> got,
                    const MapRows& rows) {
  if (rows.image.empty()) return 0.0;
  const std::size_t columns = wanted.size() / rows.image.size();
  ImageCorrelations images;
  for (std::size_t r = 0; r < rows.image.size(); ++r) {
    images.add(rows.image[r], wanted.subspan(r * columns, columns),
               got.subspan(r * columns, columns),
               rows.weight.empty() ? 1.0 : static_cast<double>(rows.weight[r]));
  }
  return images.mean();
}

std::vector<ColumnPair> sample_pairs(std::int64_t columns, int count, std::uint64_t seed) {
  std::vector<ColumnPair> pairs;
  const auto n = static_cast<std::int32_t>(columns);
  if (columns * (columns - 1) / 2 <= count) {
    for (std::int32_t i = 0; i < n; ++i) {
      for (std::int32_t j = i + 1; j < n; ++j) pairs.push_back({i, j});
    }
    return pairs;
  }
  Random random(seed);
  while (pairs.size() < static_cast<std::size_t>(count)) {
    const auto i = static_cast<std::int32_t>(random.below(columns));
    const auto j = static_cast<std::int32_t>(random.below(columns));
    if (i != j) pairs.push_back({std::min(i, j), std::max(i, j)});
  }
  return pairs;
}

void RankingLoss::add(std::span<const float> wanted, std::span<const float> got,
                      const Ranking& ranking) {
  const auto columns = static_cast<std::size_t>(ranking.columns);
  for (std::size_t row = 0; row + columns <= wanted.size() && columns > 0; row += columns) {
    const float* const a = wanted.data() + row;
    const float* const b = got.data() + row;
    for (const auto& [i, j] : ranking.pairs) {
      const double order = sign(static_cast<double>(a[i]) - static_cast<double>(a[j]));
      const double gap = (static_cast<double>(b[i]) - static_cast<double>(b[j])) * order;
      sum_ += std::max(0.0, ranking.theta - gap);
    }
    terms_ += ranking.pairs.size();
  }
}

double RankingLoss::mean() const {
  return terms_ == 0 ? 0.0 : sum_ / static_cast<double>(terms_);
}

double ranking_loss(std::span<const float> wanted, std::span<const float> got,
                    const Ranking& ranking) {
  RankingLoss loss;
  loss.add(wanted, got, ranking);
  return loss.mean();
}

}  // namespace vitq
