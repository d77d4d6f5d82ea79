// SPDX-License-Identifier: Apache-2.0
// Every row kernel in every tier of this machine against the double-precision oracle. kUnit is the
// rounding error of one f32 operation; tolerances count the operations of rows.h's formulas.
#include "kernels/rows/rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/row_support.h"
#include "support/oracle.h"

using namespace vitq;
using namespace row_tests;

namespace {

constexpr double kUnit = 0x1p-24;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Roundings that an element meets on its way into a sum of n: its lane, then the tree.
double sum_depth(std::int64_t n) {
  return static_cast<double>(n) / 16 + 5;
}

double spacing(double value) {
  const auto near = static_cast<float>(std::fabs(value));
  return double{std::nextafter(near, kInfinity)} - double{near};
}

// Calls check(x) for about 400,000 floats x, spread evenly over the bit patterns of [low, high] of
// one sign.
template <typename Check>
void sweep(float low, float high, const Check& check) {
  const auto from = std::bit_cast<std::uint32_t>(low);
  const auto to = std::bit_cast<std::uint32_t>(high);
  const std::uint32_t step = (to - from) / 400000 + 1;
  for (std::uint64_t bits = from; bits <= to; bits += step) {
    check(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
}

struct Worst {
  double error = 0;
  float at = 0;
  void see(double candidate, float x) {
    if (candidate > error) *this = {candidate, x};
  }
};

}  // namespace

TEST_CASE("layer_norm is the oracle's within the roundings counted") {
  for (const Tier& tier : tiers()) {
    Random random(1);
    for (const std::int64_t n : lengths()) {
      const float offset = random.uniform(-20, 20);
      const Floats x = random.row(n, offset - 3, offset + 3);
      const Floats gamma = random.row(n, -2, 2);
      const Floats beta = random.row(n, -1, 1);
      Floats y(x.size());
      rows(tier.isa).layer_norm(x.data(), gamma.data(), beta.data(), 1e-6F, n, y.data());
      const auto expected = oracle::layer_norm(x, gamma, beta, 1e-6F);
      const auto moments = oracle::moments(x);
      const double rstd = 1 / std::sqrt(moments.variance + 1e-6);
      // |x| < 23 bounds the error of the mean, which shifts every element.
      const double mean_error = (sum_depth(n) + 1) * 23 * kUnit;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double normal = std::fabs(double{x[i]} - moments.mean) * rstd;
        const double relative = (sum_depth(n) / 2 + 6) * kUnit + mean_error * mean_error * rstd;
        const double tolerance =
            std::fabs(double{gamma[i]}) * (mean_error * rstd + normal * relative) +
            2 * kUnit * (std::fabs(expected[i]) + 1);
        CAPTURE(tier.name);
        CAPTURE(n);
        CAPTURE(i);
        CAPTURE(expected[i]);
        CAPTURE(tolerance);
        REQUIRE(std::fabs(double{y[i]} - expected[i]) <= tolerance);
      }
    }
  }
}

TEST_CASE("layer_norm of a constant row is beta") {
  for (const Tier& tier : tiers()) {
    const Floats x(64, 3.5F);
    const Floats gamma(64, 2.0F);
    const Floats beta(64, -0.25F);
    Floats y(64);
    rows(tier.isa).layer_norm(x.data(), gamma.data(), beta.data(), 1e-6F, 64, y.data());
    CHECK(y == beta);
  }
}

TEST_CASE("softmax is the oracle's within the roundings counted, and in place the same") {
  for (const Tier& tier : tiers()) {
    Random random(2);
    for (const std::int64_t n : lengths()) {
      Floats x = random.row(n, -30, 30);
      const float scale = 0.125F * random.uniform(0.5F, 2);
      Floats y(x.size());
      rows(tier.isa).softmax(x.data(), scale, n, y.data());
      const auto expected = oracle::softmax(x, scale);
      // Logits reach 7.5: three roundings before exp, whose argument reaches 15.
      const double relative = (2 * 7.5 + 15 + 2 + sum_depth(n) + 3) * kUnit;
      for (std::size_t i = 0; i < x.size(); ++i) {
        CAPTURE(tier.name);
        CAPTURE(n);
        CAPTURE(i);
        CAPTURE(expected[i]);
        REQUIRE(std::fabs(double{y[i]} - expected[i]) <= 2 * relative * expected[i]);
      }
      rows(tier.isa).softmax(x.data(), scale, n, x.data());
      CHECK(x == y);
    }
  }
}

TEST_CASE("softmax gives nothing to logits of minus infinity") {
  for (const Tier& tier : tiers()) {
    const Floats x = {0.0F, -kInfinity, 0.0F, -1e30F};
    Floats y(4);
    rows(tier.isa).softmax(x.data(), 1.0F, 4, y.data());
    CHECK(y == Floats{0.5F, 0.0F, 0.5F, 0.0F});
  }
}

TEST_CASE("exp errs by less than one unit in the last place and flushes below the normal range") {
  for (const Tier& tier : tiers()) {
    Worst worst;
    const auto check = [&](float x) {
      float y = 0;
      rows(tier.isa).exp(&x, 1, &y);
      const double expected = std::exp(double{x});
      worst.see(std::fabs(double{y} - expected) / spacing(expected), x);
    };
    sweep(0.0F, 88.0F, check);
    sweep(-0.0F, -87.33F, check);
    CAPTURE(tier.name);
    CAPTURE(worst.at);
    CHECK(worst.error < 1.0);
    const Floats far = {-87.34F, -104.0F, -1e6F, -3e38F, -kInfinity};
    Floats y(far.size(), 1.0F);
    rows(tier.isa).exp(far.data(), length_of(far), y.data());
    CHECK(y == Floats(far.size(), 0.0F));
    const float zero = 0;
    rows(tier.isa).exp(&zero, 1, y.data());
    CHECK(y[0] == 1.0F);
  }
}

TEST_CASE("erf errs by less than 3.5e-7 and is exactly one far out") {
  for (const Tier& tier : tiers()) {
    Worst worst;
    const auto check = [&](float x) {
      float y = 0;
      rows(tier.isa).erf(&x, 1, &y);
      worst.see(std::fabs(double{y} - std::erf(double{x})), x);
    };
    sweep(0.0F, 1e10F, check);
    sweep(-0.0F, -1e10F, check);
    CAPTURE(tier.name);
    CAPTURE(worst.at);
    CHECK(worst.error < 3.5e-7);
    const Floats far = {3.93F, 1e30F, kInfinity, -3.93F, -1e30F, -kInfinity};
    Floats y(far.size());
    rows(tier.isa).erf(far.data(), length_of(far), y.data());
    CHECK(y == Floats{1, 1, 1, -1, -1, -1});
  }
}

TEST_CASE("gelu errs by less than 2e-7 of the larger of 1 and |x|") {
  for (const Tier& tier : tiers()) {
    Worst worst;
    const auto check = [&](float x) {
      float y = 0;
      rows(tier.isa).gelu(&x, 1, &y);
      const double scale = std::max(1.0, std::fabs(double{x}));
      worst.see(std::fabs(double{y} - oracle::gelu(x)) / scale, x);
    };
    sweep(0.0F, 1e10F, check);
    sweep(-0.0F, -1e10F, check);
    CAPTURE(tier.name);
    CAPTURE(worst.at);
    CHECK(worst.error < 2e-7);
  }
}
