// SPDX-License-Identifier: Apache-2.0
#include "layer/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/random.h"
#include "vitq/error.h"

using namespace vitq;

namespace {

using Floats = std::vector<float>;

// Values over many orders of magnitude, both signs, with repetitions and zeros.
Floats wild(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  Floats values;
  for (std::size_t i = 0; i < n; ++i) {
    const auto mantissa = static_cast<float>(random.below(401) - 200);
    values.push_back(std::ldexp(mantissa, static_cast<int>(random.below(12)) - 10));
  }
  return values;
}

Histogram batch(const Floats& values, int bins) {
  Histogram histogram(bins);
  histogram.add(values);
  return histogram;
}

void check_same(const Histogram& a, const Histogram& b) {
  CHECK(a.total() == b.total());
  CHECK(a.min() == b.min());
  CHECK(a.max() == b.max());
  CHECK(a.width() == b.width());
  CHECK(a.edge(0) == b.edge(0));
  CHECK(std::ranges::equal(a.counts(), b.counts()));
}

}  // namespace

TEST_CASE("a histogram counts values where they lie") {
  const Histogram h = batch({0.0F, 0.5F, 0.5F, 3.0F, 3.75F, -1.0F}, 8);
  CHECK(h.width() == 1.0);
  CHECK(h.edge(0) == -1.0);
  CHECK(std::ranges::equal(h.counts(), std::vector<std::uint64_t>{1, 3, 0, 0, 2}));
  CHECK(h.total() == 6);
  CHECK(h.min() == -1.0F);
  CHECK(h.max() == 3.75F);
}

TEST_CASE("bins merge in pairs when a value falls outside") {
  Histogram h(4);
  h.add(Floats{0.0F, 1.0F, 2.0F, 3.0F});
  CHECK(h.width() == 1.0);
  h.add(Floats{4.0F});
  CHECK(h.width() == 2.0);
  CHECK(std::ranges::equal(h.counts(), std::vector<std::uint64_t>{2, 2, 1}));
  h.add(Floats{-1.0F, 100.0F});
  CHECK(h.width() == 64.0);
  CHECK(h.edge(0) == -64.0);
  CHECK(std::ranges::equal(h.counts(), std::vector<std::uint64_t>{1, 5, 1}));
}

TEST_CASE("a streamed histogram equals the one of all values at once, in any order") {
  for (const int bins : {4, 64, 4096}) {
    Floats values = wild(3000, 11);
    const Histogram whole = batch(values, bins);
    CHECK(whole.counts().size() <= static_cast<std::size_t>(bins));
    CHECK(2 * whole.counts().size() + 1 > static_cast<std::size_t>(bins) / 2);
    Histogram streamed(bins);
    for (std::size_t i = 0; i < values.size();) {
      const std::size_t n = std::min<std::size_t>(1 + i % 97, values.size() - i);
      streamed.add(std::span(values).subspan(i, n));
      i += n;
    }
    check_same(whole, streamed);
    std::ranges::sort(values, [](float a, float b) { return std::fabs(a) < std::fabs(b); });
    Histogram outward(bins);
    for (const float v : values) outward.add({&v, 1});
    check_same(whole, outward);
  }
}

TEST_CASE("histograms of parts add up to the one of all values") {
  const Floats values = wild(3000, 12);
  for (const int bins : {4, 4096}) {
    Histogram sum(bins);
    for (const std::size_t end : {0U, 10U, 1900U, 1901U, 3000U}) {
      const std::size_t begin = sum.total();
      Histogram part(bins);
      part.add(std::span(values).subspan(begin, end - begin));
      sum.add(part);
    }
    check_same(sum, batch(values, bins));
  }
}

TEST_CASE("every value is counted in its bin") {
  const Floats values = wild(500, 5);
  const Histogram h = batch(values, 32);
  for (std::size_t b = 0; b < h.counts().size(); ++b) {
    const auto inside = std::ranges::count_if(values, [&](float v) {
      return static_cast<double>(v) >= h.edge(b) && static_cast<double>(v) < h.edge(b + 1);
    });
    CHECK(h.counts()[b] == static_cast<std::uint64_t>(inside));
  }
}

TEST_CASE("one value, zeros and extremes of the type are counted too") {
  const float big = std::numeric_limits<float>::max();
  const float tiny = std::numeric_limits<float>::denorm_min();
  CHECK(batch({0.0F, 0.0F}, 16).counts().size() == 1);
  CHECK(batch({7.3F}, 16).counts().size() == 1);
  CHECK(batch({tiny}, 16).total() == 1);
  const Histogram h = batch({-big, 0.0F, tiny, big}, 16);
  CHECK(h.total() == 4);
  CHECK(h.counts().front() == 1);
  CHECK(h.counts().back() == 1);
  CHECK(h.counts().size() <= 16);
  Histogram grown(16);
  grown.add(Floats{tiny});
  grown.add(Floats{big});
  CHECK(std::accumulate(grown.counts().begin(), grown.counts().end(), std::uint64_t{0}) == 2);
  CHECK(Histogram(16).total() == 0);
}

TEST_CASE("values that are not finite are refused") {
  Histogram h;
  CHECK_THROWS_AS(h.add(Floats{1.0F, std::numeric_limits<float>::quiet_NaN()}), Error);
  CHECK_THROWS_AS(h.add(Floats{std::numeric_limits<float>::infinity()}), Error);
  CHECK(h.total() == 0);
}

TEST_CASE("magnitudes fold the negative side over") {
  const Histogram h = batch({-3.5F, -0.5F, 0.25F, 1.5F, 3.25F}, 8).magnitudes();
  CHECK(h.edge(0) == 0.0);
  CHECK(std::ranges::equal(h.counts(), std::vector<std::uint64_t>{2, 1, 0, 2}));
  CHECK(h.min() == 0.0F);
  CHECK(h.max() == 3.5F);
  const Histogram negative = batch({-10.5F, -8.25F, -7.5F}, 4).magnitudes();
  CHECK(negative.edge(0) == 7.0);
  CHECK(std::ranges::equal(negative.counts(), std::vector<std::uint64_t>{1, 1, 0, 1}));
  const Histogram positive = batch({7.5F, 10.5F}, 4).magnitudes();
  CHECK(positive.edge(0) == 7.0);
  CHECK(positive.counts().size() == 4);
  CHECK(Histogram().magnitudes().total() == 0);
}
