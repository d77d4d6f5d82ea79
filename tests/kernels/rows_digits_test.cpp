// SPDX-License-Identifier: Apache-2.0
// Rows of codes of more than 8 bits and sums of their products are defined to the bit. The tests
// check them in every tier of this machine.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/row_support.h"
#include "kernels/rows/rows.h"
#include "support/oracle.h"

using namespace vitq;
using namespace row_tests;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Random values, ties between two codes, both ends of every base, and values far outside.
Floats code_row(Random& random, std::int64_t n) {
  Floats x = random.row(n, -40000, 70000);
  const float special[] = {0.5F,     1.5F,     -0.5F,    -1.5F,  255.5F,  63.0F,     64.0F,
                           -63.0F,   -64.0F,   127.0F,   128.0F, 8191.0F, 8192.0F,   32512.0F,
                           32513.0F, 65534.5F, 65535.5F, 1e9F,   -1e9F,   kInfinity, -kInfinity};
  for (float& v : x) {
    const auto pick = static_cast<std::size_t>(random.integer(0, 41));
    if (pick < std::size(special)) v = special[pick];
  }
  return x;
}

struct Bytes {
  explicit Bytes(std::int64_t n) : high(static_cast<std::size_t>(n)), low(high) {}
  CodeDigits out() { return {high.data(), low.data()}; }
  int code(std::size_t i) const { return 256 * high[i] + low[i]; }

  std::vector<std::uint8_t> high, low;
};

}  // namespace

TEST_CASE("digits of codes are those of the definition") {
  for (const Tier& tier : tiers()) {
    Random random(21);
    for (const std::int64_t n : lengths()) {
      const Floats x = code_row(random, n);
      for (const float top : {511.0F, 4095.0F, 65535.0F}) {
        for (const float inverse : {1.0F, 0.43F}) {
          Bytes q(n);
          tier.kernels().quantize_u16(x.data(), n, -3.7F, inverse, top, q.out());
          CAPTURE(tier.name);
          CAPTURE(n);
          for (std::size_t i = 0; i < x.size(); ++i) {
            REQUIRE(q.code(i) == oracle::code((x[i] + 3.7F) * inverse, 0, top));
          }
        }
      }
    }
  }
}

TEST_CASE("signed digits are near to none but their code") {
  for (const Tier& tier : tiers()) {
    Random random(22);
    for (const std::int64_t n : lengths()) {
      const Floats x = code_row(random, n);
      for (const auto& [base, top] :
           {std::pair(127, 255), {127, 8191}, {255, 16383}, {255, 32512}}) {
        std::vector<std::int8_t> high(x.size());
        std::vector<std::int8_t> low(x.size());
        tier.kernels().quantize_s16(x.data(), n, 1.0F, static_cast<float>(top),
                                    {high.data(), low.data(), base});
        CAPTURE(tier.name);
        CAPTURE(base);
        for (std::size_t i = 0; i < x.size(); ++i) {
          const int code = oracle::code(x[i], -static_cast<float>(top), static_cast<float>(top));
          CAPTURE(code);
          REQUIRE(base * high[i] + low[i] == code);
          REQUIRE(std::abs(int{low[i]}) <= base / 2);
        }
      }
    }
  }
}

TEST_CASE("digits that are put together are the code again") {
  for (const Tier& tier : tiers()) {
    Random random(25);
    for (const std::int64_t n : lengths()) {
      Bytes positive(n);
      std::vector<std::int8_t> high(positive.high.size());
      std::vector<std::int8_t> low(high);
      for (std::size_t i = 0; i < high.size(); ++i) {
        positive.high[i] = static_cast<std::uint8_t>(random.integer(0, 127));
        positive.low[i] = static_cast<std::uint8_t>(random.integer(0, 255));
        high[i] = static_cast<std::int8_t>(random.integer(-127, 127));
        low[i] = static_cast<std::int8_t>(random.integer(-127, 127));
      }
      for (const int base : {127, 255}) {
        std::vector<std::int16_t> codes(high.size());
        std::vector<std::int16_t> with_sign(high.size());
        tier.kernels().join_u16(positive.high.data(), positive.low.data(), n, codes.data());
        tier.kernels().join_s16(high.data(), low.data(), base, n, with_sign.data());
        CAPTURE(tier.name);
        for (std::size_t i = 0; i < codes.size(); ++i) {
          REQUIRE(codes[i] == positive.code(i));
          REQUIRE(with_sign[i] == base * high[i] + low[i]);
        }
      }
    }
  }
}

TEST_CASE("softmax digits round top times exp, and their sum is that of codes") {
  for (const Tier& tier : tiers()) {
    Random random(23);
    for (const std::int64_t n : lengths()) {
      const Floats logits = random.row(n, -9, 4);
      const float peak = *std::max_element(logits.begin(), logits.end());
      Floats e;
      for (const float l : logits) e.push_back(l - peak);
      tier.kernels().exp(e.data(), n, e.data());
      for (const float top : {1023.0F, 65535.0F}) {
        Bytes p(n);
        float sum = 0;
        tier.kernels().softmax_digits(logits.data(), n, top, p.out(), &sum);
        CAPTURE(tier.name);
        CHECK(sum == oracle::lane_sum(e));
        for (std::size_t i = 0; i < e.size(); ++i) {
          REQUIRE(p.code(i) == oracle::code(top * e[i], 0, top));
        }
      }
    }
  }
}

TEST_CASE("sums of digits are one exact integer before they are scaled") {
  for (const Tier& tier : tiers()) {
    Random random(24);
    for (const std::int64_t n : lengths()) {
      std::vector<std::vector<std::int32_t>> rows(4);
      for (auto& row : rows) {
        for (std::int64_t i = 0; i < n; ++i) {
          row.push_back(static_cast<std::int32_t>(random.integer(-2147483647, 2147483647)));
        }
      }
      const Floats u = random.row(n, 1e-4F, 1e-2F);
      const Floats r = random.row(n, -3, 3);
      const Floats b = random.row(n, -1, 1);
      for (const int count : {2, 4}) {
        DigitSums sums = {.count = count};
        const std::int64_t factors[] = {256 * 255, 256, 255, 1};
        for (int d = 0; d < count; ++d) {
          sums.row[d] = rows[static_cast<std::size_t>(d)].data();
          sums.factor[d] = static_cast<double>(factors[d]);
        }
        const Floats residual = random.row(n, -1e6F, 1e6F);
        Floats y = residual;
        tier.kernels().digits_epilogue(
            sums, n, {0.037F, -2.3F, u.data(), r.data(), b.data(), y.data(), true}, y.data());
        for (std::size_t i = 0; i < y.size(); ++i) {
          std::int64_t sum = 0;
          for (int d = 0; d < count; ++d) sum += factors[d] * sums.row[d][i];
          const float scale = 0.037F * u[i];
          const float product = static_cast<float>(sum) * scale;
          const float shifted = product + -2.3F * r[i];
          CAPTURE(tier.name);
          CAPTURE(count);
          const float whole = shifted + b[i];
          REQUIRE(y[i] == std::max(whole + residual[i], 0.0F));
        }
      }
    }
  }
}
