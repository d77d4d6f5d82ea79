// SPDX-License-Identifier: Apache-2.0
// Each integer function against what it stands for, in doubles or exact integers, within the bounds
// that docs/numerics.md states.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

#include "kernels/integer_only_shim.h"
#include "plan/fixed_point.h"

using namespace vitq;

namespace {

constexpr double kOne = 65536.0;

std::mt19937& random_bits() {
  static std::mt19937 generator(7);
  return generator;
}
std::int32_t between(std::int32_t lo, std::int32_t hi) {
  return std::uniform_int_distribution<std::int32_t>(lo, hi)(random_bits());
}

// Values of up to so many bits, of both signs.
std::vector<std::int32_t> row(std::size_t n, int bits) {
  std::vector<std::int32_t> values(n);
  const std::int32_t most = (1 << bits) - 1;
  for (std::int32_t& value : values) value = between(-most, most);
  return values;
}

double step_of(const VitqRow& coded) {
  return std::ldexp(static_cast<double>(coded.scale), coded.exponent);
}

double activated(Act act, double x) {
  const auto sigmoid = [](double t) { return 1.0 / (1.0 + std::exp(-t)); };
  switch (act) {
    case Act::kGelu: return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
    case Act::kRelu: return std::max(x, 0.0);
    case Act::kSigmoid: return sigmoid(x);
    case Act::kGeluTanh:
      return x * sigmoid(2.0 * std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x));
    case Act::kQuickGelu: return x * sigmoid(1.702 * x);
    case Act::kSilu: return x * sigmoid(x);
    case Act::kTanh: return std::tanh(x);
    case Act::kNone: break;
  }
  return x;
}

}  // namespace

TEST_CASE("a product with a dyadic number is the nearest integer, halves away from 0, limited") {
  for (int i = 0; i < 200'000; ++i) {
    const std::int32_t a = between(-(1 << between(1, 30)), 1 << between(1, 30));
    const std::int32_t b = between(-(1 << between(1, 30)), 1 << between(1, 30));
    const std::int32_t shift = between(1, 62);
    const std::int64_t product = std::int64_t{a} * b;
    const std::int64_t whole = std::int64_t{1} << shift;
    const std::int64_t size = std::abs(product);
    std::int64_t expected = size / whole + (size % whole >= whole / 2 ? 1 : 0);
    expected = std::min<std::int64_t>(expected, kValueLimit);
    REQUIRE(shim_times(a, b, shift) == (product < 0 ? -expected : expected));
  }
}

TEST_CASE("a root is the largest integer whose square is no more") {
  std::mt19937_64 generator(3);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t value = generator() >> (i % 64);
    const std::uint64_t root = shim_root(value);
    REQUIRE(root <= std::numeric_limits<std::uint32_t>::max());
    REQUIRE(root * root <= value);
    const bool next_fits = root < std::numeric_limits<std::uint32_t>::max();
    if (next_fits) REQUIRE((root + 1) * (root + 1) > value);
  }
}

TEST_CASE("2^-x is within 1.4e-4 of itself for every fraction, and a step of 2^-16") {
  for (std::int32_t x = 0; x < 18 * 65536; ++x) {
    const double expected = std::exp2(-static_cast<double>(x) / kOne);
    const double found = static_cast<double>(shim_exp2(x)) / kOne;
    REQUIRE(std::abs(found - expected) <= 1.4e-4 * expected + 1.0 / kOne);
  }
  CHECK(shim_exp2(0) == 65536);
  CHECK(shim_exp2((1 << 30) - 1) == 0);
}

TEST_CASE("a row's codes stand for its values to within 0.52 of a step") {
  for (int i = 0; i < 20'000; ++i) {
    const int bits = between(2, 8);
    std::vector<std::int32_t> values =
        row(static_cast<std::size_t>(between(1, 40)), between(1, 29));
    const std::int32_t shifted = between(-2, 2);
    for (std::int32_t& value : values)
      value = std::clamp(value + shifted * 1000, -kValueLimit, kValueLimit);
    std::vector<std::uint8_t> codes(values.size());
    const auto n = static_cast<std::ptrdiff_t>(values.size());
    const VitqRow coded = shim_encode(values.data(), n, bits, codes.data());
    const double lo = std::min(0, *std::ranges::min_element(values));
    const double hi = std::max(0, *std::ranges::max_element(values));
    const double step = step_of(coded);
    REQUIRE(step <= std::max(hi - lo, 1.0) / (std::exp2(bits) - 1.0) * 1.0002);
    for (std::size_t c = 0; c < values.size(); ++c) {
      const double stands_for = (codes[c] - coded.zero / 8.0) * step;
      REQUIRE(codes[c] < 1 << bits);
      REQUIRE(std::abs(stands_for - values[c]) <= 0.52 * step);
    }
  }
}

TEST_CASE("signed codes stand for their values to within 0.52 of a step") {
  for (int i = 0; i < 20'000; ++i) {
    const int bits = between(2, 7);
    const std::vector<std::int32_t> values =
        row(static_cast<std::size_t>(between(1, 40)), between(1, 29));
    std::vector<std::int8_t> codes(values.size());
    const auto n = static_cast<std::ptrdiff_t>(values.size());
    const VitqRow coded = shim_encode_signed(values.data(), n, bits, codes.data());
    for (std::size_t c = 0; c < values.size(); ++c) {
      REQUIRE(std::abs(codes[c]) < 1 << bits);
      REQUIRE(std::abs(codes[c] * step_of(coded) - values[c]) <= 0.52 * step_of(coded));
    }
  }
}

TEST_CASE("a column's sum becomes the nearest value, and its scale has 14 bits") {
  for (int i = 0; i < 20'000; ++i) {
    const VitqRow coded = {between(1 << 15, (1 << 17) - 1), between(-22, 6), between(0, 2040)};
    const double scale = std::exp2(between(-20, 0)) * (1.0 + between(0, 999) / 1000.0);
    const Dyadic dyadic_scale = dyadic(scale);
    const std::int32_t sum = between(-10'000'000, 10'000'000);
    const std::int32_t code_sum = between(-20'000, 20'000);
    const std::int32_t bias = between(-1'000'000, 1'000'000);
    const std::int32_t columns[] = {dyadic_scale.multiplier, dyadic_scale.shift, code_sum, bias};
    std::int32_t found = 0;
    const VitqSums sums = {&sum, coded, 0};
    shim_finish(&sums, columns, 1, &found);
    const double exact = (sum - coded.zero / 8.0 * code_sum) * step_of(coded) * scale;
    const double limited = std::clamp(exact, -double{kValueLimit}, double{kValueLimit}) + bias;
    const double expected = std::clamp(limited, -double{kValueLimit}, double{kValueLimit});
    REQUIRE(std::abs(found - expected) <= 0.5 + std::abs(exact) * std::exp2(-14));
  }
}

TEST_CASE("activation functions are within 8e-5 of themselves") {
  for (const Act act : {Act::kGelu, Act::kRelu, Act::kSigmoid, Act::kGeluTanh, Act::kQuickGelu,
                        Act::kSilu, Act::kTanh}) {
    const auto fixed = fixed_function(act);
    const Tensor pieces = fixed ? function_pieces(act) : Tensor({1}, DType::kS32);
    VitqFunction function = {};
    if (fixed) function = {{0, 0}, fixed->range, fixed->odd ? 1 : 0, fixed->offset};
    for (std::int32_t x = -20 * 65536; x < 20 * 65536; x += 37) {
      std::int32_t y = 0;
      shim_activate(&x, fixed ? pieces.as<std::int32_t>().data() : nullptr, &function, 1, &y);
      CAPTURE(static_cast<int>(act));
      CAPTURE(x);
      REQUIRE(std::abs(y / kOne - activated(act, x / kOne)) <= 8e-5);
    }
  }
}

TEST_CASE("a normalized row is within 2^-14 of itself, whatever its size") {
  for (int i = 0; i < 3'000; ++i) {
    std::vector<std::int32_t> values =
        row(static_cast<std::size_t>(between(2, 300)), between(8, 28));
    const std::int32_t mean = between(-(1 << 20), 1 << 20);
    for (std::int32_t& value : values) value += mean;
    const std::size_t n = values.size();
    const std::vector<std::int32_t> gain_and_bias = row(2 * n, 17);
    const double eps = 1e-5;
    double sum = 0.0;
    double squares = 0.0;
    for (const std::int32_t value : values) sum += value / kOne;
    for (const std::int32_t value : values)
      squares += std::pow(value / kOne - sum / static_cast<double>(n), 2.0);
    const double inverse = 1.0 / std::sqrt(squares / static_cast<double>(n) + eps);
    std::vector<std::int32_t> found = values;
    shim_layer_norm(found.data(), gain_and_bias.data(),
                    static_cast<std::uint64_t>(std::llround(std::ldexp(eps, 32))),
                    static_cast<std::ptrdiff_t>(n));
    for (std::size_t c = 0; c < n; ++c) {
      const double gain = gain_and_bias[c] / kOne;
      const double z = (values[c] / kOne - sum / static_cast<double>(n)) * inverse;
      const double expected = z * gain + gain_and_bias[n + c] / kOne;
      // The mean is rounded to 2^-17, and deviations to 2^-22 of the largest.
      const double bound =
          std::exp2(-15) + std::abs(gain) * (inverse * std::exp2(-16) + 17.4 * std::exp2(-21));
      REQUIRE(std::abs(found[c] / kOne - expected) <= bound);
    }
  }
}

TEST_CASE("a softmax's codes are within 0.54 of its largest code times 2^(x - max)") {
  for (int i = 0; i < 5'000; ++i) {
    const int bits = between(2, 8);
    const std::vector<std::int32_t> scores =
        row(static_cast<std::size_t>(between(1, 300)), between(4, 22));
    std::vector<std::uint8_t> codes(scores.size());
    const auto n = static_cast<std::ptrdiff_t>(scores.size());
    const VitqRow divided = shim_softmax(scores.data(), n, bits, codes.data());
    const double top = std::exp2(bits) - 1.0;
    const double most = *std::ranges::max_element(scores);
    double sum = 0.0;
    for (std::size_t j = 0; j < scores.size(); ++j) {
      const double e = std::exp2((scores[j] - most) / kOne);
      REQUIRE(std::abs(codes[j] - top * e) <= 0.54);
      sum += e;
    }
    const double expected = 1.0 / (top * sum);
    const double bound = 2e-4 + std::exp2(-15) + static_cast<double>(n) / kOne / sum;
    REQUIRE(std::abs(step_of(divided) - expected) <= bound * expected);
  }
}
