// SPDX-License-Identifier: Apache-2.0
// Method "row_scale": {"steps": 40}. It chooses the scale of each output channel by the rounding
// error of the weights, each weighted by the variance of its input. Then it rounds to nearest.
#include "layer/rounding.h"
#include "methods/list.h"

namespace vitq {
namespace {

class ScaleByError : public Method {
 public:
  explicit ScaleByError(int steps) : steps_(steps) {}
  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    const std::vector<float> importance = diagonal_of(data.moments(layer).gram);
    round_to_nearest(layer, searched_scales(layer, importance, steps_, data.threads()));
  }

 private:
  int steps_;
};

}  // namespace

std::unique_ptr<const Method> make_row_scale(Settings& settings) {
  return std::make_unique<ScaleByError>(static_cast<int>(settings.integer("steps", 40, 1000)));
}

}  // namespace vitq
