// SPDX-License-Identifier: Apache-2.0
// Every row kernel is compared with the double-precision oracle, in every tier of this machine.
// kUnit is the rounding error of one f32 operation; tolerances count the operations of rows.h's
// formulas.
#include "kernels/rows/rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/row_support.h"
#include "kernels/activate.h"
#include "support/oracle.h"

using namespace vitq;
using namespace row_tests;
using oracle::wide;

namespace {

constexpr double kUnit = 0x1p-24;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// It counts the roundings that an element meets on its way into a sum of n: its lane, then the
// tree.
double sum_depth(std::int64_t n) {
  return static_cast<double>(n) / 16 + 5;
}

double spacing(double value) {
  const auto near = static_cast<float>(std::fabs(value));
  return wide(std::nextafter(near, kInfinity)) - wide(near);
}

// It spreads about 400,000 floats evenly over the bit patterns of [low, high], which have one sign.
Floats sweep(float low, float high) {
  const auto from = std::bit_cast<std::uint32_t>(low);
  const auto to = std::bit_cast<std::uint32_t>(high);
  const std::uint32_t step = (to - from) / 400000 + 1;
  Floats x;
  for (std::uint64_t bits = from; bits <= to; bits += step) {
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  return x;
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
      tier.kernels().layer_norm(x.data(), gamma.data(), beta.data(), 1e-6F, n, y.data());
      const auto expected = oracle::layer_norm(x, gamma, beta, 1e-6F);
      const auto moments = oracle::moments(x);
      const double rstd = 1 / std::sqrt(moments.variance + 1e-6);
      // |x| < 23 bounds the error of the mean, which shifts every element.
      const double mean_error = (sum_depth(n) + 1) * 23 * kUnit;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double normal = std::fabs(wide(x[i]) - moments.mean) * rstd;
        const double relative = (sum_depth(n) / 2 + 6) * kUnit + mean_error * mean_error * rstd;
        const double tolerance =
            std::fabs(wide(gamma[i])) * (mean_error * rstd + normal * relative) +
            2 * kUnit * (std::fabs(expected[i]) + 1);
        CAPTURE(tier.name);
        CAPTURE(n);
        CAPTURE(i);
        CAPTURE(expected[i]);
        CAPTURE(tolerance);
        REQUIRE(std::fabs(wide(y[i]) - expected[i]) <= tolerance);
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
    tier.kernels().layer_norm(x.data(), gamma.data(), beta.data(), 1e-6F, 64, y.data());
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
      tier.kernels().softmax(x.data(), scale, n, y.data());
      const auto expected = oracle::softmax(x, scale);
      // Logits reach 7.5: three roundings before exp, whose argument reaches 15.
      const double relative = (2 * 7.5 + 15 + 2 + sum_depth(n) + 3) * kUnit;
      for (std::size_t i = 0; i < x.size(); ++i) {
        CAPTURE(tier.name);
        CAPTURE(n);
        CAPTURE(i);
        CAPTURE(expected[i]);
        REQUIRE(std::fabs(wide(y[i]) - expected[i]) <= 2 * relative * expected[i]);
      }
      tier.kernels().softmax(x.data(), scale, n, x.data());
      CHECK(x == y);
    }
  }
}

TEST_CASE("softmax gives nothing to logits of minus infinity") {
  for (const Tier& tier : tiers()) {
    const Floats x = {0.0F, -kInfinity, 0.0F, -1e30F};
    Floats y(4);
    tier.kernels().softmax(x.data(), 1.0F, 4, y.data());
    CHECK(y == Floats{0.5F, 0.0F, 0.5F, 0.0F});
  }
}

TEST_CASE("softmax stands logits far outside the domain of exp") {
  for (const Tier& tier : tiers()) {
    const Floats x = {900.0F, 1000.0F, 1000.0F, -3e38F};
    Floats y(4);
    tier.kernels().softmax(x.data(), 1.0F, 4, y.data());
    CHECK(y == Floats{0.0F, 0.5F, 0.5F, 0.0F});
  }
}

TEST_CASE("exp errs by less than one unit in the last place and flushes below the normal range") {
  for (const Tier& tier : tiers()) {
    Worst worst;
    for (const Floats& x : {sweep(0.0F, 88.0F), sweep(-0.0F, -87.33F)}) {
      Floats y(x.size());
      tier.kernels().exp(x.data(), length_of(x), y.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double expected = std::exp(wide(x[i]));
        worst.see(std::fabs(wide(y[i]) - expected) / spacing(expected), x[i]);
      }
    }
    CAPTURE(tier.name);
    CAPTURE(worst.at);
    CHECK(worst.error < 1.0);
    const Floats edge = {0.0F, -87.34F, -104.0F, -1e6F, -3e38F, -kInfinity};
    Floats y(edge.size());
    tier.kernels().exp(edge.data(), length_of(edge), y.data());
    CHECK(y == Floats{1, 0, 0, 0, 0, 0});
  }
}

TEST_CASE("sigmoid is the oracle's at all sizes, and reaches both ends") {
  for (const Tier& tier : tiers()) {
    CAPTURE(tier.name);
    for (Floats x : {sweep(0.0F, 100.0F), sweep(-0.0F, -80.0F)}) {
      const Floats given = x;
      sigmoid(tier.kernels(), x.data(), length_of(x), x.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double expected = 1.0 / (1.0 + std::exp(-wide(given[i])));
        CAPTURE(given[i]);
        REQUIRE(std::fabs(wide(x[i]) - expected) <= 4 * kUnit * expected);
      }
    }
    Floats ends = {0.0F, kInfinity, -kInfinity, 3e38F, -3e38F};
    sigmoid(tier.kernels(), ends.data(), length_of(ends), ends.data());
    CHECK(ends[0] == 0.5F);
    CHECK(ends[1] == 1.0F);
    CHECK(ends[3] == 1.0F);
    CHECK(ends[2] < 1e-37F);
    CHECK(ends[4] == ends[2]);
  }
}

TEST_CASE("gelu errs by less than 1.7e-7 of the larger of 1 and |x|") {
  for (const Tier& tier : tiers()) {
    Worst worst;
    for (const Floats& x :
         {sweep(0.0F, 1e30F), sweep(0.01F, 20.0F), sweep(-0.0F, -1e30F), sweep(-0.01F, -20.0F)}) {
      Floats y(x.size());
      tier.kernels().gelu(x.data(), length_of(x), y.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double scale = std::max(1.0, std::fabs(wide(x[i])));
        worst.see(std::fabs(wide(y[i]) - oracle::gelu(x[i])) / scale, x[i]);
      }
    }
    CAPTURE(tier.name);
    CAPTURE(worst.at);
    CHECK(worst.error < 1.7e-7);
    const Floats edge = {0.0F, kInfinity, -100.0F};
    Floats y(edge.size());
    tier.kernels().gelu(edge.data(), length_of(edge), y.data());
    CHECK(y[0] == 0.0F);
    CHECK(y[1] == kInfinity);
    CHECK(std::fabs(y[2]) < 1e-30F);
  }
}

TEST_CASE("gate errs by less than 4e-7 of the larger of 1 and |x|, and far below 0 it vanishes") {
  struct Gate {
    float a, b;
  };
  for (const Tier& tier : tiers()) {
    for (const Gate g : {Gate{1.702F, 0.0F}, Gate{1.0F, 0.0F}, Gate{1.59576912F, 0.0713548163F}}) {
      Worst worst;
      for (const Floats& x : {sweep(0.01F, 20.0F), sweep(-0.01F, -20.0F)}) {
        Floats y(x.size());
        tier.kernels().gate(x.data(), g.a, g.b, length_of(x), y.data());
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double power = wide(x[i]) * (wide(g.a) + wide(g.b) * wide(x[i]) * wide(x[i]));
          const double expected = wide(x[i]) / (1.0 + std::exp(-power));
          worst.see(std::fabs(wide(y[i]) - expected) / std::max(1.0, std::fabs(wide(x[i]))), x[i]);
        }
      }
      CAPTURE(tier.name);
      CAPTURE(worst.at);
      CHECK(worst.error < 4e-7);
      const Floats edge = {0.0F, kInfinity, -1e6F};
      Floats y(edge.size());
      tier.kernels().gate(edge.data(), g.a, g.b, length_of(edge), y.data());
      CHECK(y[0] == 0.0F);
      CHECK(y[1] == kInfinity);
      CHECK(std::fabs(y[2]) < 1e-30F);
    }
  }
}
