// SPDX-License-Identifier: Apache-2.0
#include "attention_rows.h"

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

TEST_CASE("an attention's rows come evenly from the images, whole keys with them") {
  AttentionDraft attention;
  attention.scale = 0.5F;
  const AttentionRows rows = attention_rows(attention, kData, {8, 4});
  CHECK(rows.scale == 0.5F);
  REQUIRE(rows.query.size() == 12);  // 4 images, 3 heads
  REQUIRE(rows.image.size() == 24);  // 2 rows each
  for (std::size_t i = 0; i < 24; ++i) CHECK(rows.image[i] == static_cast<std::int32_t>(i / 6));
  // Every 10 / 4 images: 2, 4, 7, 9.
  const std::vector<std::int64_t> images = {2, 4, 7, 9};
  for (std::size_t i = 0; i < 12; ++i) {
    const float head = static_cast<float>(100 * images[i / 3]) + 28.0F * static_cast<float>(i % 3);
    REQUIRE(rows.query[i].rows == 2);
    for (const float v : rows.query[i].values) CHECK((v >= head && v < head + 28.0F));
    CHECK(rows.query[i].row(0)[1] == rows.query[i].row(0)[0] + 1.0F);
    CHECK(rows.query[i].row(0)[0] < rows.query[i].row(1)[0]);
    CHECK(rows.key[i].rows == 7);
    CHECK(rows.key[i].row(6)[3] == -2.0F * (head + 27.0F));
    CHECK(rows.value[i].rows == 4);
    CHECK(rows.value[i].row(3)[6] == head + 27.5F);
  }
}

TEST_CASE("the greatest magnitudes are those of all images") {
  const AttentionRows rows = attention_rows({}, kData, {1, 1});
  CHECK(rows.query.size() == 3);
  CHECK(rows.query_max == 983.0F);
  CHECK(rows.key_max == 1966.0F);
  CHECK(rows.value_max == 983.5F);
}

TEST_CASE("no more rows are drawn than there are") {
  const AttentionRows rows = attention_rows({}, kData, {1000, 32});
  CHECK(rows.query.size() == 30);
  CHECK(rows.query[0].rows == 7);
  CHECK(rows.image.size() == 210);
}
