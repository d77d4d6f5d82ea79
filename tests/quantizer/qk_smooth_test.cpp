// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "quantizer/support.h"
#include "vitq/method.h"

using namespace vitq;
using namespace vitq::test;

namespace {

constexpr std::int64_t kTokens = 12;
constexpr std::int64_t kDim = 8;

Tensor operand(unsigned seed) {
  Tensor t({1, 2, kTokens, kDim}, DType::kF32);
  const Matrix m = random_matrix(2 * kTokens, kDim, seed);
  std::copy(m.values.begin(), m.values.end(), t.as<float>().begin());
  return t;
}

// One channel of the first head is large in the queries and small in the keys.
AttentionSample sample_of(std::int64_t image) {
  const auto seed = static_cast<unsigned>(3 * image);
  AttentionSample sample = {operand(seed), operand(seed + 1), operand(seed + 2)};
  for (std::int64_t t = 0; t < kTokens; ++t) {
    sample.query.as<float>()[static_cast<std::size_t>(t * kDim)] *= 30.0F;
    sample.key.as<float>()[static_cast<std::size_t>(t * kDim)] /= 30.0F;
  }
  return sample;
}

AttentionDraft fitted(int threads) {
  AttentionDraft attention;
  attention.heads = 2;
  attention.dim = kDim;
  AttentionData data = {.images = 6, .threads = threads, .sample = sample_of};
  make_method("qk_smooth", Json::object())->fit_attention(attention, data);
  return attention;
}

}  // namespace

TEST_CASE("balance takes from the queries what keys have room for") {
  const AttentionDraft attention = fitted(1);
  REQUIRE(attention.key.smoothing_scale.size() == 2 * kDim);
  CHECK(attention.key.smoothing_scale[0] < 0.3F * attention.key.smoothing_scale[1]);
  double logs = 0.0;
  for (std::size_t c = 0; c < kDim; ++c)
    logs += std::log(static_cast<double>(attention.key.smoothing_scale[c]));
  CHECK(logs == doctest::Approx(0.0).epsilon(1e-5));
}

TEST_CASE("centres lie in the middle of each channel") {
  const AttentionDraft attention = fitted(2);
  float min = 1e9F;
  float max = -1e9F;
  for (std::int64_t image = 0; image < 6; ++image) {
    const AttentionSample sample = sample_of(image);
    for (std::int64_t t = 0; t < kTokens; ++t) {
      const float v = sample.key.as<float>()[static_cast<std::size_t>(t * kDim + 3)];
      min = std::min(min, v);
      max = std::max(max, v);
    }
  }
  CHECK(attention.key.channel_offset[3] ==
        doctest::Approx(static_cast<double>((min + max) / 2.0F)));
}

TEST_CASE("balance does not depend on the number of threads") {
  CHECK(fitted(1).key == fitted(3).key);
  CHECK(fitted(1).query == fitted(3).query);
}
