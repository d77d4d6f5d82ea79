// SPDX-License-Identifier: Apache-2.0
// Products of codes of one digit or two are made at run time. They equal 64-bit sums in every tier
// of this machine, digit by digit and as whole codes.
#include "kernels/code_product.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "kernels/row_support.h"

using namespace vitq;

namespace {

struct Case {
  int left, right;  // bits
  std::int64_t m, n, k;
  bool largest = false;  // all codes are
};

using Values = std::vector<std::int32_t>;

Values values_of(std::int64_t count, std::int32_t least, std::int32_t top, bool largest) {
  std::mt19937 random(static_cast<unsigned>(count));
  std::uniform_int_distribution<std::int32_t> any(least, top);
  Values values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(largest ? top : any(random));
  return values;
}

// High digits before low ones, of the codes at `first`, `first + step`, ...
template <typename Digit>
std::vector<Digit> digits_at(const Values& codes, std::int64_t first, std::int64_t step,
                             std::int64_t count, std::int32_t base) {
  std::vector<Digit> digits(static_cast<std::size_t>(2 * count));
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t code = codes[static_cast<std::size_t>(first + i * step)];
    const auto at = static_cast<std::size_t>(i);
    if (base == 1) {
      digits[at] = static_cast<Digit>(code);
    } else if (base == kDigitBase) {
      digits[at] = static_cast<Digit>(code / base);
      digits[at + static_cast<std::size_t>(count)] = static_cast<Digit>(code % base);
    } else {
      digits[at] = static_cast<Digit>(weight_digits(code, base).high);
      digits[at + static_cast<std::size_t>(count)] =
          static_cast<Digit>(weight_digits(code, base).low);
    }
  }
  return digits;
}

std::vector<float> multiplied(const CodeProduct& product, const RowKernels& rows, const Case& c,
                              const Values& x, const Values& w, bool by_rows) {
  std::vector<std::byte> a(static_cast<std::size_t>(product.a_bytes(c.m)), std::byte{0x5A});
  std::vector<std::byte> b(static_cast<std::size_t>(product.b_bytes()), std::byte{0x5A});
  std::vector<std::int16_t> room(static_cast<std::size_t>(std::max(c.n, c.k)));
  for (std::int64_t i = 0; i < c.m; ++i) {
    const std::int32_t base = product.left_digits() == 2 ? kDigitBase : 1;
    const auto codes = digits_at<std::uint8_t>(x, i * c.k, 1, c.k, base);
    product.pack_a_row({codes.data(), i, c.m}, room.data(), a.data());
  }
  const std::int32_t base = product.right_base();
  for (std::int64_t j = 0; j < c.n && !by_rows; ++j) {
    const auto codes = digits_at<std::int8_t>(w, j * c.k, 1, c.k, base);
    product.pack_b_column(codes.data(), j, room.data(), b.data());
  }
  for (std::int64_t i = 0; i < c.k && by_rows; ++i) {
    const auto codes = digits_at<std::int8_t>(w, i, c.k, c.n, base);
    product.pack_b_row(codes.data(), i, room.data(), b.data());
  }
  std::vector<std::int32_t> sums(static_cast<std::size_t>(product.sums().sums(c.m)));
  product.multiply(c.m, a.data(), b.data(), sums.data());
  std::vector<float> y(static_cast<std::size_t>(c.m * c.n));
  const std::vector<float> ones(static_cast<std::size_t>(c.n), 1.0F);
  const std::vector<float> zeros(ones.size(), 0.0F);
  for (std::int64_t i = 0; i < c.m; ++i) {
    product.sums().finish(rows, sums.data(), {i, c.m},
                          {1.0F, 0.0F, ones.data(), zeros.data(), zeros.data()},
                          y.data() + i * c.n);
  }
  return y;
}

void check(const Case& c) {
  const Values x = values_of(c.m * c.k, 0, max_code(c.left), c.largest);
  const Values w =
      values_of(c.n * c.k, -max_weight_code(c.right), max_weight_code(c.right), c.largest);
  std::vector<float> expected;
  for (std::int64_t i = 0; i < c.m * c.n; ++i) {
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < c.k; ++k) {
      sum += std::int64_t{x[static_cast<std::size_t>(i / c.n * c.k + k)]} *
             w[static_cast<std::size_t>(i % c.n * c.k + k)];
    }
    expected.push_back(static_cast<float>(sum));
  }
  for (const row_tests::Tier& tier : row_tests::tiers()) {
    const WideCodeGemm* whole = wide_code_gemm(tier.features);
    for (const WideCodeGemm* wide : {static_cast<const WideCodeGemm*>(nullptr), whole}) {
      const CodeKernels kernels = {tier.kernels(), code_gemm(tier.features, kLargestProduct), wide};
      const CodeProduct product(kernels, {c.left, c.right, c.n, c.k});
      CAPTURE(tier.name);
      CAPTURE(std::string(product.name()));
      CAPTURE(c.left);
      CAPTURE(c.right);
      CAPTURE(c.n);
      CAPTURE(c.k);
      for (const bool by_rows : {false, true}) {
        REQUIRE(multiplied(product, tier.kernels(), c, x, w, by_rows) == expected);
      }
    }
  }
}

}  // namespace

TEST_CASE("products of codes of up to two digits are exact, at every tail") {
  for (const auto& [left, right] :
       {std::pair(8, 8), {8, 12}, {12, 8}, {9, 9}, {12, 12}, {15, 10}, {16, 16}}) {
    for (std::int64_t n = 1; n <= 35; ++n) check({left, right, 3, n, 6});
    for (std::int64_t m = 1; m <= 17; ++m) check({left, right, m, 5, 7});
    for (std::int64_t k = 1; k <= 19; ++k) check({left, right, 9, 33, k});
  }
}

TEST_CASE("whole codes are multiplied up to the last sum that fits 32 bits") {
  check({12, 12, 2, 3, 256, true});
  check({12, 12, 2, 3, 257, true});
  check({15, 16, 2, 3, 2, true});
  check({15, 16, 2, 3, 3, true});
  check({16, 16, 2, 2, 66'000, true});
  const WideCodeGemm* wide = wide_code_gemm(cpu());
  if (wide == nullptr) return;
  const CodeKernels kernels = {row_kernels(cpu()), code_gemm(cpu(), kLargestProduct), wide};
  const auto name = [&](int left, int right, std::int64_t k) {
    return std::string(CodeProduct(kernels, {left, right, 8, k}).name());
  };
  CHECK(name(12, 12, 256) == wide->name);
  CHECK(name(12, 12, 257) == kernels.gemm.name);
  CHECK(name(12, 8, 64) == kernels.gemm.name);
  CHECK(name(8, 12, 64) == kernels.gemm.name);
  CHECK(name(16, 9, 1) == kernels.gemm.name);
}
