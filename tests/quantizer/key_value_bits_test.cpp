// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "vitq/method.h"

using namespace vitq;

namespace {

AttentionDraft fitted(int bits, std::optional<int> output_token_bits, const char* settings) {
  AttentionDraft attention;
  for (QParams* params : {&attention.query, &attention.key, &attention.probability}) {
    params->bits = bits;
    params->output_token_bits = output_token_bits;
  }
  attention.value.bits = bits;
  AttentionData data;
  make_method("key_value_bits", Json::parse(settings, "settings"))->fit_attention(attention, data);
  return attention;
}

}  // namespace

TEST_CASE("keys and values lose what is more than the most, queries and probabilities nothing") {
  const AttentionDraft attention = fitted(8, std::nullopt, "{}");
  CHECK(attention.key.bits == 7);
  CHECK(attention.value.bits == 7);
  CHECK(attention.query.bits == 8);
  CHECK(attention.probability.bits == 8);
  CHECK_FALSE(attention.key.output_token_bits);
}

TEST_CASE("keys of output tokens are narrowed too, and what has fewer bits keeps them") {
  const AttentionDraft attention = fitted(4, 8, R"({"most": 6})");
  CHECK(attention.key.bits == 4);
  CHECK(attention.value.bits == 4);
  CHECK(attention.key.output_token_bits == 6);
  CHECK(attention.query.output_token_bits == 8);
}
