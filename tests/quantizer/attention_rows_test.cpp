// SPDX-License-Identifier: Apache-2.0
#include "methods/correlation/attention_rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "quantizer/samples.h"

using namespace vitq;

namespace {

// 10 images, 3 heads, 7 tokens, dimension 4; element values name image, head, token and channel.
AttentionSample sample_of(std::int64_t image) {
  Tensor t({3, 7, 4}, DType::kF32);
  const std::span<float> values = t.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(100 * image) + static_cast<float>(i);
  }
  Tensor key = t.clone();
  for (float& v : key.as<float>()) v = -2.0F * v;
  Tensor value = t.clone();
  for (float& v : value.as<float>()) v += 0.5F;
  return {t, key, value};
}

const AttentionData kData = {.images = 10, .threads = 1, .sample = sample_of};

}  // namespace

TEST_CASE("an attention's rows are those of whole images, evenly among all") {
  AttentionDraft attention;
  attention.scale = 0.5F;
  const AttentionRows rows = attention_rows(attention, kData, 8);
  CHECK(rows.scale == 0.5F);
  REQUIRE(rows.query.size() == 6);  // 2 images, 3 heads
  CHECK(rows.image == std::vector<std::int32_t>{0, 0, 0, 1, 1, 1});
  for (std::size_t i = 0; i < 6; ++i) {
    const float head = (i < 3 ? 400.0F : 900.0F) + 28.0F * static_cast<float>(i % 3);
    REQUIRE(rows.query[i].rows == 7);
    CHECK(rows.query[i].row(6)[3] == head + 27.0F);
    CHECK(rows.key[i].rows == 7);
    CHECK(rows.key[i].row(6)[3] == -2.0F * (head + 27.0F));
    CHECK(rows.value[i].rows == 4);
    CHECK(rows.value[i].row(3)[6] == head + 27.5F);
  }
}

TEST_CASE("the greatest magnitudes are those of all images") {
  const AttentionRows rows = attention_rows({}, kData, 1);
  CHECK(rows.query.size() == 3);
  CHECK(rows.query_max == 983.0F);
  CHECK(rows.key_max == 1966.0F);
  CHECK(rows.value_max == 983.5F);
}

TEST_CASE("images of many rows and of few are counted by what they have together") {
  // 7 and 21 rows in turn: 28 rows are two of the ten images, 29 three.
  AttentionData data = kData;
  data.sample = [](std::int64_t image) {
    AttentionSample sample = sample_of(image);
    if (image % 2 == 1) sample.query = Tensor({3, 21, 4}, DType::kF32);
    return sample;
  };
  CHECK(attention_rows({}, data, 28).query.size() == 6);
  CHECK(attention_rows({}, data, 29).query.size() == 9);
}

TEST_CASE("no more images are looked at than there are") {
  CHECK(attention_rows({}, kData, 1000).query.size() == 30);
}
