// SPDX-License-Identifier: Apache-2.0
// Method "correlation": the paper's static scales, one per tensor, and its correction of biases
// (arXiv:2106.14156). Settings: {"candidates", "rounds", "low", "high", "tokens", "pairs", "gamma",
// "theta", "similarity", "ranking", "bias_correction", "attention"}. With "similarity" off there is
// no search.
//
// A search looks at as many whole images, which lie evenly among all, as make up `tokens` rows of
// inputs or queries. The ranking loss is the mean over `pairs` pairs of columns, drawn once for all
// rows. The paper leaves three choices open. Here logits are compared as they enter the softmax,
// unless "attention" is "probabilities". Inputs come from the layers quantized before. Only inputs
// and queries have the code -2^(bits - 1), which the engine's weights, keys and values lack.
#include <algorithm>
#include <cstddef>

#include "layer/all_rows.h"
#include "layer/symmetric.h"
#include "methods/correlation/attention_rows.h"
#include "methods/correlation/search.h"
#include "methods/list.h"

namespace vitq {
namespace {

void set_codes(LayerDraft& layer, float scale) {
  const Matrix codes = symmetric_codes(layer.weight, scale, weight_codes(layer.weight_bits));
  layer.codebook.clear();
  layer.scale.assign(static_cast<std::size_t>(layer.weight.rows), scale);
  layer.codes.resize(codes.values.size());
  std::ranges::transform(codes.values, layer.codes.begin(),
                         [](float code) { return static_cast<std::int16_t>(code); });
}

class Correlation : public Method {
 public:
  explicit Correlation(CorrelationSettings settings) : settings_(settings) {}

  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    set_smoothing(layer, {}, {});
    const WholeImageSample sample = whole_image_sample(layer, data, settings_.tokens);
    const Scales scales =
        search_linear(layer, sample.rows, sample.input_max, with_threads(data.threads())).scales;
    set_codes(layer, scales.first);
    layer.input = static_input(layer.activation_bits, scales.second);
    layer.new_bias = settings_.bias_correction ? corrected_bias(layer, data) : layer.bias;
  }

  void fit_attention(AttentionDraft& attention, AttentionData& data) const override {
    const AttentionRows rows = attention_rows(attention, data, settings_.tokens);
    const CorrelationSettings settings = with_threads(data.threads);
    const int bits = attention.bits;
    const Scales logits = search_logits(rows, bits, settings).scales;
    const Scales output = search_output(rows, bits, settings).scales;
    attention.query = static_input(bits, logits.first);
    attention.key = static_key_or_value(bits, logits.second);
    attention.probability = static_probability(bits, output.first);
    attention.value = static_key_or_value(bits, output.second);
  }

 private:
  CorrelationSettings with_threads(int threads) const {
    CorrelationSettings settings = settings_;
    settings.search.threads = threads;
    return settings;
  }

  CorrelationSettings settings_;
};

}  // namespace

std::unique_ptr<const Method> make_correlation(Settings& settings) {
  CorrelationSettings s;
  s.search.candidates = static_cast<int>(settings.integer("candidates", 24, 1000));
  s.search.rounds = static_cast<int>(settings.integer("rounds", 4, 100));
  s.search.low = settings.number("low", s.search.low, 1e-3, 10.0);
  s.search.high = settings.number("high", s.search.high, s.search.low, 10.0);
  s.tokens = std::max<std::int64_t>(settings.integer("tokens", s.tokens, 1 << 24), 1);
  s.pairs = static_cast<int>(settings.integer("pairs", s.pairs, 1 << 20));
  s.gamma = settings.number("gamma", s.gamma, 0.0, 1e6);
  s.theta = settings.number("theta", s.theta, 0.0, 1e6);
  s.similarity = settings.boolean("similarity", true);
  s.ranking = settings.boolean("ranking", true);
  s.bias_correction = settings.boolean("bias_correction", true);
  constexpr std::string_view kAttentions[] = {"logits", "probabilities"};
  s.after_softmax = settings.choice("attention", kAttentions) == 1;
  return std::make_unique<Correlation>(s);
}

}  // namespace vitq
