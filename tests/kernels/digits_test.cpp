// SPDX-License-Identifier: Apache-2.0
// Codes of 9 to 16 bits are two digits. Their products equal 64-bit sums for any codes, the worst
// included, on every path that this machine has (tests/kernels/integer_test.cpp).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "kernels/split.h"
#include "vitq/layers.h"
#include "vitq/plan.h"
#include "vitq/session.h"

using namespace vitq;

namespace {

using Codes = std::vector<std::int32_t>;

enum class Fill { kRandom, kAllTop, kAlternating };

Codes codes_of(std::int64_t count, std::int32_t least, std::int32_t top, Fill fill) {
  std::mt19937 random(static_cast<unsigned>(count + top));
  std::uniform_int_distribution<std::int32_t> any(least, top);
  Codes codes;
  for (std::int64_t i = 0; i < count; ++i) {
    const bool odd = fill == Fill::kAlternating && i % 2 != 0;
    codes.push_back(fill == Fill::kRandom ? any(random) : (odd ? least : top));
  }
  return codes;
}

// Bits of activations and of weights, and [m, n, k].
struct Case {
  int x, w;
  std::int64_t m, n, k;
};

QParams unit_codes(int bits, std::vector<float> lo) {
  QParams params;
  params.bits = bits;
  params.range = Range::kStatic;
  params.scale = {1.0F};
  params.lo = std::move(lo);
  return params;
}

Tensor tensor_of(const Codes& codes, const Shape& shape, int bits) {
  Tensor tensor(shape, code_type(bits));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (tensor.dtype() == DType::kS16) {
      tensor.as<std::int16_t>()[i] = static_cast<std::int16_t>(codes[i]);
    } else {
      tensor.as<std::int8_t>()[i] = static_cast<std::int8_t>(codes[i]);
    }
  }
  return tensor;
}

// The layer's input codes are its input and all scales are 1, so its output is the sum.
std::vector<float> run_layer(const Case& c, const Codes& x, const Codes& w,
                             const SessionOptions& options) {
  Graph graph;
  const Value in = input(graph, "x", {c.m, c.k});
  const Value out = linear(Scope(graph) / "layer", in, c.n, Bias::kNo);
  graph.set_outputs({{"y", out.id}});
  Weights stored;
  stored.tensors["layer.weight"] = tensor_of(w, {c.n, c.k}, c.w);
  Scheme scheme;
  scheme.set({out.id, 0}, unit_codes(c.x, {0.0F}));
  scheme.set({out.id, 1}, unit_codes(c.w, {}));
  Session session(std::make_shared<const Plan>(lower(graph, stored, scheme, {})), options);
  Tensor values({c.m, c.k}, DType::kF32);
  std::ranges::transform(x, values.as<float>().begin(),
                         [](std::int32_t code) { return static_cast<float>(code); });
  const std::span<const float> y = session.run(values)[0].as<float>();
  return {y.begin(), y.end()};
}

std::vector<float> exact_sums(const Case& c, const Codes& x, const Codes& w) {
  std::vector<float> sums;
  for (std::int64_t i = 0; i < c.m * c.n; ++i) {
    const auto row = static_cast<std::size_t>(i / c.n * c.k);
    const auto column = static_cast<std::size_t>(i % c.n * c.k);
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < static_cast<std::size_t>(c.k); ++k) {
      sum += std::int64_t{x[row + k]} * std::int64_t{w[column + k]};
    }
    sums.push_back(static_cast<float>(sum));
  }
  return sums;
}

void check_layer(const Case& c, Fill fill) {
  const Codes x = codes_of(c.m * c.k, 0, max_code(c.x), fill);
  const Codes w = codes_of(c.n * c.k, -max_weight_code(c.w), max_weight_code(c.w), fill);
  const std::vector<float> expected = exact_sums(c, x, w);
  CAPTURE(c.x);
  CAPTURE(c.w);
  CAPTURE(c.m);
  CAPTURE(c.n);
  CAPTURE(c.k);
  for (const Backend backend : {Backend::kFast, Backend::kReference}) {
    for (const int threads : {1, 3}) {
      REQUIRE(run_layer(c, x, w, {.threads = threads, .backend = backend}) == expected);
    }
  }
}

}  // namespace

TEST_CASE("two digits make every code of a weight, and none of them is -128") {
  for (int bits = 9; bits <= 16; ++bits) {
    const std::int32_t base = weight_digit_base(bits);
    const std::int32_t top = max_weight_code(bits);
    CAPTURE(bits);
    for (std::int32_t code = -top; code <= top; ++code) {
      const WeightDigits digits = weight_digits(code, base);
      REQUIRE(base * digits.high + digits.low == code);
      REQUIRE(std::abs(int{digits.low}) <= base / 2);
      REQUIRE(std::abs(int{digits.high}) <= (bits <= 15 ? 64 : 127));
    }
  }
  CHECK(max_weight_code(15) == 16383);
  CHECK(max_weight_code(16) == 255 * 127 + 127);
}

TEST_CASE("digits of weights of up to 14 bits are never split") {
  const std::int32_t base = weight_digit_base(14);
  std::vector<std::int8_t> digits;
  for (const std::int32_t code : codes_of(40 * 192, -8191, 8191, Fill::kRandom)) {
    digits.push_back(weight_digits(code, base).high);
    digits.push_back(weight_digits(code, base).low);
  }
  digits.insert(digits.end(), 384, weight_digits(8191, base).high);
  CHECK(split_pairs(digits, 192, 255).rest.empty());
}

TEST_CASE("layers of more than 8 bits equal 64-bit sums, for the largest codes too") {
  for (const Fill fill : {Fill::kRandom, Fill::kAllTop, Fill::kAlternating}) {
    for (const auto& [x, w] : {std::pair(12, 8), {8, 12}, {9, 9}, {12, 12}, {16, 16}, {16, 4}}) {
      for (const std::int64_t k : {1, 3, 4, 65, 192, 333}) check_layer({x, w, 7, 33, k}, fill);
      for (const std::int64_t m : {1, 2, 65, 131}) check_layer({x, w, m, 10, 68}, fill);
      for (const std::int64_t n : {1, 2, 16, 193}) check_layer({x, w, 5, n, 60}, fill);
    }
    for (int bits = 9; bits <= 16; ++bits) check_layer({bits, bits, 3, 17, 96}, fill);
    check_layer({16, 16, 1100, 300, 8}, fill);  // panels, the last one shorter
  }
}

TEST_CASE("the longest rows that are taken overflow nothing") {
  check_layer({16, 16, 2, 2, 66'311}, Fill::kAllTop);
  check_layer({16, 14, 1, 2, 66'308}, Fill::kAllTop);
}
