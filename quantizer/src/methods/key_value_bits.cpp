// SPDX-License-Identifier: Apache-2.0
// Method "key_value_bits": {"most": 7}. Keys and values have at most so many bits, output tokens
// included. With 7 any two products of an attention fit 16 bits, as vpmaddubsw adds them, and
// docs/performance.md says what that costs. It comes before the methods that fit what it narrows.
#include <algorithm>

#include "methods/list.h"

namespace vitq {
namespace {

class KeyValueBits : public Method {
 public:
  explicit KeyValueBits(int most) : most_(most) {}

  void fit_attention(AttentionDraft& attention, AttentionData& /*data*/) const override {
    for (QParams* params : {&attention.key, &attention.value}) {
      params->bits = std::min(params->bits, most_);
      if (!params->output_token_bits) continue;
      params->output_token_bits = std::min(*params->output_token_bits, most_);
    }
  }

 private:
  int most_;
};

}  // namespace

std::unique_ptr<const Method> make_key_value_bits(Settings& settings) {
  const std::int64_t most = settings.integer("most", kDigitBits - 1, kMaxBits);
  return std::make_unique<KeyValueBits>(std::max(static_cast<int>(most), kMinBits));
}

}  // namespace vitq
