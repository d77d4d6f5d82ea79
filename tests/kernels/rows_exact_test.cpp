// SPDX-License-Identifier: Apache-2.0
// Codes, extremes, elementwise sums, epilogues and the order of sums are defined to the bit. The
// tests check them in every tier of this machine.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/row_support.h"
#include "kernels/rows/rows.h"
#include "support/oracle.h"

using namespace vitq;
using namespace row_tests;
using oracle::wide;

namespace {

constexpr float kHuge = std::numeric_limits<float>::max();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The rows have random values, ties between two codes, and values far outside, at every length.
template <typename Check>
void for_code_rows(const Check& check) {
  const Floats output_tokens = {0.5F,      1.5F,       2.5F,       -0.5F, -1.5F, 254.5F,
                                255.5F,    63.5F,      1e9F,       -1e9F, kHuge, -kHuge,
                                kInfinity, -kInfinity, 8388609.0F, 0.0F};
  Random random(3);
  for (const std::int64_t n : lengths()) {
    Floats x = random.row(n, -300, 300);
    for (float& v : x) {
      const auto pick = static_cast<std::size_t>(random.integer(0, 31));
      if (pick < output_tokens.size()) v = output_tokens[pick];
    }
    check(x);
  }
}

// With a residual, which lies where the results will, and with a ReLU, as without.
void check_ends(const RowKernels& kernels, const std::vector<std::int32_t>& acc, RowEpilogue end,
                const Floats& expected) {
  Random random(17);
  const auto n = static_cast<std::int64_t>(acc.size());
  const Floats residual = random.row(n, -1e6F, 1e6F);
  for (const bool added : {false, true}) {
    for (const bool relu : {false, true}) {
      Floats y = residual;
      end.residual = added ? y.data() : nullptr;
      end.relu = relu;
      kernels.linear_epilogue(acc.data(), n, end, y.data());
      for (std::size_t i = 0; i < y.size(); ++i) {
        const float sum = added ? expected[i] + residual[i] : expected[i];
        CAPTURE(i);
        CAPTURE(added);
        REQUIRE(y[i] == (relu && sum < 0 ? 0.0F : sum));
      }
    }
  }
}

}  // namespace

TEST_CASE("relu, add and min_max are exact") {
  for (const Tier& tier : tiers()) {
    Random random(4);
    for (const std::int64_t n : lengths()) {
      const Floats a = random.row(n, -5, 5);
      const Floats b = random.row(n, -5, 5);
      Floats positive(a.size());
      Floats sum(a.size());
      float lo = 0;
      float hi = 0;
      tier.kernels().relu(a.data(), n, positive.data());
      tier.kernels().add(a.data(), b.data(), n, sum.data());
      tier.kernels().min_max(a.data(), n, &lo, &hi);
      CAPTURE(tier.name);
      CAPTURE(n);
      for (std::size_t i = 0; i < a.size(); ++i) {
        REQUIRE(positive[i] == std::max(a[i], 0.0F));
        REQUIRE(sum[i] == a[i] + b[i]);
      }
      CHECK(lo == *std::min_element(a.begin(), a.end()));
      CHECK(hi == *std::max_element(a.begin(), a.end()));
    }
  }
}

TEST_CASE("u8 codes are the definition's, for every width of code and for huge values") {
  for (const Tier& tier : tiers()) {
    for_code_rows([&](const Floats& x) {
      for (const int bits : {4, 6, 8}) {
        const float top = std::ldexp(1.0F, bits) - 1;
        for (const float lo : {0.0F, -3.7F}) {
          for (const float inverse : {1.0F, 0.43F}) {
            std::vector<std::uint8_t> q(x.size());
            tier.kernels().quantize_u8(x.data(), length_of(x), lo, inverse, top, q.data());
            for (std::size_t i = 0; i < x.size(); ++i) {
              CAPTURE(tier.name);
              CAPTURE(x[i]);
              CAPTURE(lo);
              CAPTURE(inverse);
              CAPTURE(top);
              REQUIRE(int{q[i]} == oracle::code((x[i] - lo) * inverse, 0, top));
            }
          }
        }
      }
    });
  }
}

TEST_CASE("s8 codes are the definition's") {
  for (const Tier& tier : tiers()) {
    for_code_rows([&](const Floats& x) {
      for (const float top : {7.0F, 63.0F, 127.0F}) {
        std::vector<std::int8_t> q(x.size());
        tier.kernels().quantize_s8(x.data(), length_of(x), 0.5F, top, q.data());
        for (std::size_t i = 0; i < x.size(); ++i) {
          CAPTURE(tier.name);
          CAPTURE(x[i]);
          CAPTURE(top);
          REQUIRE(int{q[i]} == oracle::code(x[i] * 0.5F, -top, top));
        }
      }
    });
  }
}

TEST_CASE("the linear epilogue evaluates its brackets in the written order") {
  for (const Tier& tier : tiers()) {
    Random random(6);
    for (const std::int64_t n : lengths()) {
      std::vector<std::int32_t> acc;
      for (std::int64_t i = 0; i < n; ++i) {
        acc.push_back(static_cast<std::int32_t>(random.integer(-100000000, 100000000)));
      }
      const Floats u = random.row(n, 1e-4F, 1e-2F);
      const Floats r = random.row(n, -3, 3);
      const Floats b = random.row(n, -1, 1);
      const float s = random.uniform(0.001F, 0.1F);
      const float lo = random.uniform(-5, 0);
      const RowEpilogue end = {s, lo, u.data(), r.data(), b.data()};
      Floats expected(u.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const float scale = s * u[i];
        const float product = static_cast<float>(acc[i]) * scale;
        const float shifted = product + lo * r[i];
        expected[i] = shifted + b[i];
      }
      CAPTURE(tier.name);
      CAPTURE(n);
      check_ends(tier.kernels(), acc, end, expected);
    }
  }
}

TEST_CASE("softmax codes round top times exp, and their sum runs in 16 lanes") {
  for (const Tier& tier : tiers()) {
    Random random(7);
    for (const std::int64_t n : lengths()) {
      const Floats logits = random.row(n, -9, 4);
      const float peak = *std::max_element(logits.begin(), logits.end());
      Floats e;
      for (const float l : logits) e.push_back(l - peak);
      tier.kernels().exp(e.data(), n, e.data());
      const auto expected = oracle::peak_exp(logits, 1.0F);
      for (const float top : {15.0F, 63.0F, 255.0F}) {
        std::vector<std::uint8_t> p(logits.size());
        float sum = 0;
        tier.kernels().softmax_codes(logits.data(), n, top, p.data(), &sum);
        CAPTURE(tier.name);
        CAPTURE(n);
        CAPTURE(top);
        CHECK(sum == oracle::lane_sum(e));
        // Each e is right within a few roundings of the difference, at most 13.
        const double lane_adds = static_cast<double>(n) / 16;
        CHECK(std::fabs(wide(sum) / oracle::sum(expected) - 1) <= (20 + lane_adds) * 0x1p-24);
        CHECK(static_cast<float>(*std::max_element(p.begin(), p.end())) == top);
        for (std::size_t i = 0; i < p.size(); ++i) {
          REQUIRE(int{p[i]} == oracle::code(top * e[i], 0, top));
          REQUIRE(std::fabs(int{p[i]} - wide(top) * expected[i]) <= 0.5 + 15 * 255 * 0x1p-24);
        }
      }
    }
  }
}

TEST_CASE("codes are centred and scaled, summed and held in floats exactly") {
  for (const Tier& tier : tiers()) {
    const RowKernels& r = tier.kernels();
    Random random(9);
    for (const std::int64_t n : lengths()) {
      const Floats x = random.row(n, -5, 5);
      const Floats channel_offset = random.row(n, -1, 1);
      const Floats factor = random.row(n, 0.5F, 2);
      std::vector<std::int8_t> q;
      std::int32_t sum = 0;
      double dot = 0;
      double magnitude = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        q.push_back(static_cast<std::int8_t>(random.integer(-127, 127)));
        sum += q[i];
        dot += wide(x[i]) * wide(q[i]);
        magnitude += std::abs(wide(x[i]) * wide(q[i]));
      }
      Floats centered(x.size());
      Floats range(x.size(), 2.0F);
      r.center_scale(x.data(), channel_offset.data(), factor.data(), n, centered.data());
      r.widen_range(x.data(), channel_offset.data(), n, range.data());
      Floats in_place = x;
      float lo = 0;
      float hi = 0;
      r.center_scale_min_max({in_place.data(), channel_offset.data(), factor.data()}, n,
                             in_place.data(), &lo, &hi);
      CAPTURE(tier.name);
      CAPTURE(n);
      REQUIRE(r.sum_codes(q.data(), n) == sum);
      REQUIRE(std::abs(wide(r.dot_codes(x.data(), q.data(), n)) - dot) <= 1e-6 * magnitude);
      for (std::size_t i = 0; i < x.size(); ++i) {
        REQUIRE(centered[i] == (x[i] - channel_offset[i]) * factor[i]);
        REQUIRE(in_place[i] == centered[i]);
        REQUIRE(range[i] == std::max(2.0F, std::abs(x[i] - channel_offset[i])));
      }
      CHECK(lo == *std::min_element(centered.begin(), centered.end()));
      CHECK(hi == *std::max_element(centered.begin(), centered.end()));
    }
  }
}
