// SPDX-License-Identifier: Apache-2.0
// The integer-only attention as a step: what it answers, and what padding changes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "kernels/integer_only/c/kernels.h"
#include "plan/fixed_point.h"

using namespace vitq;

namespace {

constexpr std::int32_t kTokens = 21;
constexpr std::int32_t kValid = 13;
constexpr std::int32_t kHeads = 2;
constexpr std::int32_t kChannels = 8;
constexpr double kScale = 0.5;
constexpr double kOne = 65536.0;

enum Buffer : std::int32_t { kX, kZeros, kOnes, kHidden, kY, kBuffers };

// Attention of tokens [heads, tokens, channels] to the first `keys` of themselves.
struct Attention {
  std::vector<std::int32_t> x = std::vector<std::int32_t>(kHeads * kTokens * kChannels);
  std::vector<std::int32_t> zeros = std::vector<std::int32_t>(kHeads * kChannels, 0);
  std::vector<std::int32_t> ones = std::vector<std::int32_t>(kHeads * kChannels, 1 << 20);
  std::vector<std::int32_t> hidden = std::vector<std::int32_t>(kTokens, 0);

  Attention() {
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<std::int32_t>(3.0 * kOne * std::sin(static_cast<double>(i * i)));
    }
  }

  std::vector<std::int32_t> run(std::int32_t keys, bool hide) {
    VitqAttention step = {};
    step.q = step.k = step.v = {kX, 0};
    step.y = {kY, 0};
    for (auto* strides : {step.q_strides, step.k_strides, step.v_strides, step.y_strides}) {
      strides[0] = kHeads * kTokens * kChannels;
      strides[1] = kTokens * kChannels;
      strides[2] = kChannels;
    }
    step.images = 1;
    step.heads = kHeads;
    step.queries = kTokens;
    step.keys = keys;
    step.channels = step.values = kChannels;
    step.q_bits.all = step.p_bits.all = 8;
    step.k_bits.all = step.v_bits = 7;
    step.q_offset = step.k_offset = step.q_score = {kZeros, 0};
    step.q_factor = step.k_factor = {kOnes, 0};
    step.hidden = {hide ? kHidden : -1, 0};
    const Dyadic scale = dyadic(kScale * std::numbers::log2e);
    step.multiplier = scale.multiplier;
    step.shift = scale.shift;
    return answer({.kind = kVitqAttention, .of = {.attention = step}});
  }

 private:
  std::vector<std::int32_t> answer(const VitqStep& step) {
    const VitqKernels& kernels = *vitq_kernels_baseline();
    std::vector<std::int32_t> y(x.size());
    std::vector<std::int64_t> room(static_cast<std::size_t>(kernels.room(&step)) / 8 + 1);
    VitqByte* buffers[kBuffers] = {};
    const auto place = [&](Buffer buffer, std::vector<std::int32_t>& values) {
      buffers[buffer] = reinterpret_cast<VitqByte*>(values.data());
    };
    place(kX, x);
    place(kZeros, zeros);
    place(kOnes, ones);
    place(kHidden, hidden);
    place(kY, y);
    kernels.run(&step, buffers, 0, kernels.parts(&step), reinterpret_cast<VitqByte*>(room.data()));
    return y;
  }
};

// The same in doubles.
std::vector<double> expected(const std::vector<std::int32_t>& x) {
  const auto value = [&](int head, int token, int c) {
    return x[static_cast<std::size_t>((head * kTokens + token) * kChannels + c)] / kOne;
  };
  std::vector<double> y;
  for (int head = 0; head < kHeads; ++head) {
    for (int i = 0; i < kTokens; ++i) {
      std::vector<double> e;
      double sum = 0.0;
      for (int j = 0; j < kTokens; ++j) {
        double score = 0.0;
        for (int c = 0; c < kChannels; ++c) score += value(head, i, c) * value(head, j, c);
        e.push_back(std::exp(kScale * score));
        sum += e.back();
      }
      for (int c = 0; c < kChannels; ++c) {
        double out = 0.0;
        for (int j = 0; j < kTokens; ++j)
          out += e[static_cast<std::size_t>(j)] / sum * value(head, j, c);
        y.push_back(out);
      }
    }
  }
  return y;
}

}  // namespace

TEST_CASE("attention on integers only is near to attention") {
  Attention attention;
  const std::vector<std::int32_t> found = attention.run(kTokens, false);
  const std::vector<double> wanted = expected(attention.x);
  double signal = 0.0;
  double noise = 0.0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    signal += wanted[i] * wanted[i];
    noise += std::pow(found[i] / kOne - wanted[i], 2.0);
  }
  CHECK(10.0 * std::log10(signal / noise) > 30.0);
}

TEST_CASE("keys that are padding leave an integer-only attention as if they were not there") {
  Attention attention;
  const std::vector<std::int32_t> without = attention.run(kValid, false);
  std::fill(attention.hidden.begin() + kValid, attention.hidden.end(), -kValueLimit);
  CHECK(attention.run(kTokens, true) == without);
  CHECK(attention.run(kTokens, false) != without);
}
