// SPDX-License-Identifier: Apache-2.0
// Method "row_scale": {"steps": 40}. One scale per output channel, chosen by the rounding error of
// the weights, each weighed by the variance of its input; codes to nearest.
#include "layer/rounding.h"
#include "methods/list.h"

namespace vitq {
namespace {

class RowScale : public Method {
 public:
  explicit RowScale(int steps) : steps_(steps) {}
  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    layer.scale =
        searched_scales(layer, diagonal_of(data.moments(layer).gram), steps_, data.threads());
    round_to_nearest(layer);
  }

 private:
  int steps_;
};

}  // namespace

std::unique_ptr<const Method> make_row_scale(Settings& settings) {
  return std::make_unique<RowScale>(static_cast<int>(settings.integer("steps", 40, 1000)));
}

}  // namespace vitq
