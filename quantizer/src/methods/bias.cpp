// SPDX-License-Identifier: Apache-2.0
// Method "bias" gives the outputs the mean they should have, apart for output tokens and for all
// others. Output tokens are few, so that the mean of their error is uncertain. James and Stein's
// factor for the whole vector says how much of that mean is corrected.
#include <algorithm>

#include "methods/list.h"

namespace vitq {
namespace {

// What the outputs lack in some rows with the bias they have, and which factor of it is corrected.
struct Lack {
  std::vector<float> mean;
  double factor = 0.0;
};

Lack lack_of(const LayerDraft& layer, const LayerSample& rows, std::int64_t count) {
  Matrix x(count, rows.x.cols);
  std::copy_n(rows.x.values.begin(), x.values.size(), x.values.begin());
  const Matrix y = outputs(layer, dequantized_inputs(layer, x, {0, count}));
  const auto n = static_cast<double>(count);
  Lack lack;
  double spread = 0.0;
  double size = 0.0;
  for (std::int64_t o = 0; o < y.cols; ++o) {
    double sum = 0.0;
    double squares = 0.0;
    for (std::int64_t r = 0; r < count; ++r) {
      const auto i = static_cast<std::size_t>(r * y.cols + o);
      const double missing =
          static_cast<double>(rows.target.values[i]) - static_cast<double>(y.values[i]);
      sum += missing;
      squares += missing * missing;
    }
    const double mean = sum / n;
    spread += std::max(squares - n * mean * mean, 0.0) / std::max(n - 1.0, 1.0) / n;
    size += mean * mean;
    lack.mean.push_back(static_cast<float>(mean));
  }
  if (size > 0.0 && count > 1) lack.factor = std::max(0.0, 1.0 - spread / size);
  return lack;
}

class BiasCorrection : public Method {
 public:
  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    layer.output_token_bias.clear();
    const Moments& moments = data.moments(layer);
    if (moments.others > 0) match_means(layer, moments);
    const LayerSample& rows = data.sample(layer);
    if (rows.output_tokens == 0) return;
    const Lack lack = lack_of(layer, rows, rows.output_tokens);
    std::vector<float> own = layer.new_bias;
    for (std::size_t o = 0; o < own.size(); ++o) {
      own[o] += static_cast<float>(lack.factor * static_cast<double>(lack.mean[o]));
    }
    (moments.others > 0 ? layer.output_token_bias : layer.new_bias) = std::move(own);
  }

 private:
  static void match_means(LayerDraft& layer, const Moments& moments) {
    std::fill(layer.new_bias.begin(), layer.new_bias.end(), 0.0F);
    Matrix mean(1, layer.weight.cols);
    mean.values = moments.input_others;
    const Matrix y = outputs(layer, mean);
    for (std::size_t o = 0; o < layer.new_bias.size(); ++o) {
      layer.new_bias[o] = moments.target_others[o] - y.values[o];
    }
  }
};

}  // namespace

std::unique_ptr<const Method> make_bias(Settings& /*settings*/) {
  return std::make_unique<BiasCorrection>();
}

}  // namespace vitq
