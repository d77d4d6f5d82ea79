// SPDX-License-Identifier: Apache-2.0
#include "layer/ranges.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "vitq/error.h"

using namespace vitq;

namespace {

using Floats = std::vector<float>;

constexpr CodeKind kFree8 = {Codes::kFree, 8};
constexpr CodeKind kSymmetric8 = {Codes::kSymmetric, 8};

Histogram histogram_of(const Floats& values) {
  Histogram histogram;
  histogram.add(values);
  return histogram;
}

double uniform(Random& random) {
  return (static_cast<double>(random.below(1 << 24)) + 0.5) / (1 << 24);
}

// Box and Muller.
Floats normal(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  Floats values;
  while (values.size() < n) {
    const double radius = std::sqrt(-2.0 * std::log(uniform(random)));
    values.push_back(static_cast<float>(radius * std::cos(6.283185307179586 * uniform(random))));
  }
  return values;
}

// 0, 1 / n, ..., (n - 1) / n.
Floats ramp(int n) {
  Floats values;
  for (int i = 0; i < n; ++i) values.push_back(static_cast<float>(i) / static_cast<float>(n));
  return values;
}

// The error of rounding every value, without histograms.
double rounding_error(const Floats& values, Interval range, int steps) {
  const double step = (range.hi - range.lo) / steps;
  double sum = 0.0;
  for (const float v : values) {
    const double x = static_cast<double>(v);
    const double code = std::clamp(std::nearbyint((x - range.lo) / step), 0.0, 1.0 * steps);
    sum += std::pow(x - (range.lo + step * code), 2.0);
  }
  return sum;
}

}  // namespace

TEST_CASE("min-max covers all values") {
  const Histogram h = histogram_of({-1.5F, 0.25F, 4.0F});
  CHECK(min_max_range(h, kFree8) == Interval{-1.5, 4.0});
  CHECK(min_max_range(h, kSymmetric8) == Interval{-4.0, 4.0});
  CHECK(min_max_range(histogram_of({2.0F, 3.0F}), kFree8) == Interval{2.0, 3.0});
}

TEST_CASE("a percentile leaves out the stated share") {
  const Histogram h = histogram_of(ramp(10000));
  const Interval free = percentile_range(h, kFree8, 99.0);
  CHECK(std::fabs(free.lo - 0.005) < 5e-4);
  CHECK(std::fabs(free.hi - 0.995) < 5e-4);
  const Interval symmetric = percentile_range(h, kSymmetric8, 99.0);
  CHECK(std::fabs(symmetric.hi - 0.99) < 5e-4);
  CHECK(symmetric.lo == -symmetric.hi);
  CHECK(percentile_range(h, kFree8, 100.0) == min_max_range(h, kFree8));
  CHECK_THROWS_AS(percentile_range(h, kFree8, 0.0), Error);
  CHECK_THROWS_AS(percentile_range(h, kFree8, 100.1), Error);
  CHECK_THROWS_AS(percentile_range(h, kFree8, std::nan("")), Error);
}

TEST_CASE("the percentile of a normal distribution is its quantile") {
  const Histogram h = histogram_of(normal(1000000, 1));
  // Of the magnitudes: 99.9 % lie below 3.2905, 95 % below 1.9600.
  CHECK(std::fabs(percentile_range(h, kSymmetric8, 99.9).hi - 3.2905) < 0.04);
  CHECK(std::fabs(percentile_range(h, kSymmetric8, 95.0).hi - 1.9600) < 0.01);
  CHECK(std::fabs(percentile_range(h, kFree8, 95.0).lo + 1.9600) < 0.01);
  CHECK(std::fabs(percentile_range(h, kFree8, 95.0).hi - 1.9600) < 0.01);
}

TEST_CASE("the squared error of a histogram is that of its values") {
  const Floats values = normal(100000, 2);
  const Histogram h = histogram_of(values);
  for (const double end : {1.0, 2.0, 4.0}) {
    const Interval range = {-end, 1.2 * end};
    const double wanted = rounding_error(values, range, 63);
    CHECK(std::fabs(squared_error(h, range, {Codes::kFree, 6}) / wanted - 1.0) < 5e-3);
  }
  const double wanted = rounding_error(values, {-2.5, 2.5}, 30);
  const double got = squared_error(h, {-2.5, 2.5}, {Codes::kSymmetric, 5});
  CHECK(std::fabs(got / wanted - 1.0) < 5e-3);
}

TEST_CASE("the range of least error of a normal distribution is the known one") {
  const Histogram h = histogram_of(normal(1000000, 3));
  // J. Max, "Quantizing for minimum distortion" (1960), table II: steps of 0.3352, 0.1881 and
  // 0.1041 standard deviations for 16, 32 and 64 levels.
  const double steps[] = {0.3352, 0.1881, 0.1041};
  for (const int bits : {4, 5, 6}) {
    const Interval range = mse_range(h, {Codes::kFree, bits});
    const double step = (range.hi - range.lo) / ((1 << bits) - 1);
    CHECK(std::fabs(step / steps[bits - 4] - 1.0) < 0.03);
    CHECK(std::fabs(range.hi + range.lo) < 0.25);
  }
}

TEST_CASE("the range of least error is that of all values where nothing is gained by clipping") {
  const Histogram h = histogram_of(ramp(8192));
  const Interval range = mse_range(h, kFree8);
  CHECK(std::fabs(range.lo) < 0.01);
  CHECK(std::fabs(range.hi - 1.0) < 0.01);
}

TEST_CASE("the range of least error is never worse than all values") {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Random random(seed);
    Floats values = normal(2000, seed + 100);
    for (float& v : values) v = v * v * v + static_cast<float>(random.below(3));
    values.push_back(1000.0F);
    const Histogram h = histogram_of(values);
    for (const CodeKind kind : {kFree8, kSymmetric8, CodeKind{Codes::kFree, 4}}) {
      const double max = squared_error(h, min_max_range(h, kind), kind);
      CHECK(squared_error(h, mse_range(h, kind), kind) <= max);
    }
  }
}

TEST_CASE("one far value is clipped by percentile and entropy, and kept by min-max") {
  Floats values = normal(200000, 4);
  values.push_back(60.0F);
  const Histogram h = histogram_of(values);
  CHECK(min_max_range(h, kSymmetric8).hi == 60.0);
  CHECK(percentile_range(h, kSymmetric8).hi < 5.0);
  CHECK(entropy_range(h, kSymmetric8).hi < 10.0);
  CHECK(entropy_range(h, kSymmetric8).hi > 2.0);
}

TEST_CASE("entropy keeps a uniform distribution whole") {
  const Interval range = entropy_range(histogram_of(ramp(65536)), kFree8);
  CHECK(range.lo == 0.0);
  CHECK(range.hi > 0.97);
}

TEST_CASE("entropy finds by hand's reckoning the threshold of a small histogram") {
  // Magnitude bins 8, 8, 1, 1, 0, 0, 0, 2 of width 1, two levels. Up to bin 4: P = (8, 8, 1, 3) /
  // 20, Q = (8, 8, 1, 1) / 18: KL = 0.054. Up to 8: both levels average: (4.5, 4.5, 4.5, 4.5, 0, 0,
  // 0, 2) / 20: KL = 0.31. Up to 2: (8, 12) / 20 against (8, 8) / 16: 0.02. Up to 3: levels of one
  // and two bins: (8, 8, 4) / 20 against (8, 4.5, 4.5) / 17: 0.06.
  Floats values;
  for (const auto& [value, count] :
       {std::pair{0.5F, 8}, {1.5F, 8}, {2.5F, 1}, {3.5F, 1}, {7.5F, 2}}) {
    values.insert(values.end(), static_cast<std::size_t>(count), value);
  }
  Histogram h(8);
  h.add(values);
  REQUIRE(h.width() == 1.0);
  CHECK(entropy_range(h, {Codes::kSymmetric, 2}) == Interval{-2.0, 2.0});
  CHECK(entropy_range(h, {Codes::kFree, 2}) == Interval{0.5, 2.0});
}

TEST_CASE("with fewer bins than levels entropy keeps all values") {
  CHECK(entropy_range(histogram_of({0.0F, 0.0F}), kSymmetric8).hi == 0.0);
  const Histogram one = histogram_of({5.0F});
  CHECK(min_max_range(one, kFree8) == Interval{5.0, 5.0});
  CHECK(mse_range(one, kFree8) == Interval{5.0, 5.0});
  CHECK(percentile_range(one, kFree8) == Interval{5.0, 5.0});
}

TEST_CASE("values that lie close together far from zero are kept whole") {
  const Interval range = entropy_range(histogram_of({5.0F, 5.0000005F}), kFree8);
  CHECK(range.lo == 5.0);
  CHECK(range.hi == static_cast<double>(5.0000005F));
  CHECK(entropy_range(histogram_of({-5.0F}), kFree8) == Interval{-5.0, -5.0});
}
