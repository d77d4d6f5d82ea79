// SPDX-License-Identifier: Apache-2.0
#include "objective.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "random.h"

namespace vitq {
namespace {

// What the correlation is made of: the weighted count, and means of values, squares and products.
struct Sums {
  double n = 0.0;
  double a = 0.0, b = 0.0;
  double aa = 0.0, bb = 0.0, ab = 0.0;

  void add(const Sums& other, double weight) {
    n += weight * other.n;
    a += weight * other.a;
    b += weight * other.b;
    aa += weight * other.aa;
    bb += weight * other.bb;
    ab += weight * other.ab;
  }
  double correlation() const {
    if (n == 0.0) return 0.0;
    const double var_a = aa / n - (a / n) * (a / n);
    const double var_b = bb / n - (b / n) * (b / n);
    if (!(var_a > 0.0) || !(var_b > 0.0)) return 0.0;
    return (ab / n - (a / n) * (b / n)) / (std::sqrt(var_a) * std::sqrt(var_b));
  }
};

// Four independent lanes, which can run side by side.
Sums sums_of(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t kLanes = 4;
  std::array<Sums, kLanes> lanes;
  const auto add = [&](std::size_t lane, std::size_t i) {
    Sums& s = lanes[lane];
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
  Sums sums;
  for (const Sums& lane : lanes) sums.add(lane, 1.0);
  sums.n = static_cast<double>(a.size());
  return sums;
}

double sign(double x) {
  return x > 0.0 ? 1.0 : (x < 0.0 ? -1.0 : 0.0);
}

}  // namespace

double pearson(std::span<const float> a, std::span<const float> b) {
  return sums_of(a, b).correlation();
}

double mean_pearson(std::span<const float> wanted, std::span<const float> got,
                    const MapRows& rows) {
  if (rows.image.empty()) return 0.0;
  const std::size_t columns = wanted.size() / rows.image.size();
  std::vector<Sums> images(static_cast<std::size_t>(std::ranges::max(rows.image)) + 1);
  for (std::size_t r = 0; r < rows.image.size(); ++r) {
    const Sums row =
        sums_of(wanted.subspan(r * columns, columns), got.subspan(r * columns, columns));
    const double weight = rows.weight.empty() ? 1.0 : static_cast<double>(rows.weight[r]);
    images[static_cast<std::size_t>(rows.image[r])].add(row, weight);
  }
  double sum = 0.0;
  int count = 0;
  for (const Sums& image : images) {
    if (image.n == 0.0) continue;
    sum += image.correlation();
    ++count;
  }
  return count == 0 ? 0.0 : sum / count;
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

double ranking_loss(std::span<const float> wanted, std::span<const float> got,
                    const Ranking& ranking) {
  const auto columns = static_cast<std::size_t>(ranking.columns);
  double sum = 0.0;
  std::size_t terms = 0;
  for (std::size_t row = 0; row + columns <= wanted.size() && columns > 0; row += columns) {
    const float* const a = wanted.data() + row;
    const float* const b = got.data() + row;
    for (const auto& [i, j] : ranking.pairs) {
      const double order = sign(static_cast<double>(a[i]) - static_cast<double>(a[j]));
      const double gap = (static_cast<double>(b[i]) - static_cast<double>(b[j])) * order;
      sum += std::max(0.0, ranking.theta - gap);
    }
    terms += ranking.pairs.size();
  }
  return terms == 0 ? 0.0 : sum / static_cast<double>(terms);
}

}  // namespace vitq
