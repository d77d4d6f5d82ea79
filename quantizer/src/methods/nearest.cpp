// SPDX-License-Identifier: Apache-2.0
// Method "nearest" rounds every weight to the nearest code under the scales there are. With
// {"scale": "largest"} it first sets scales that just hold the largest weight of each output
// channel.
#include "layer/rounding.h"
#include "methods/list.h"

namespace vitq {
namespace {

class Nearest : public Method {
 public:
  explicit Nearest(bool largest) : largest_(largest) {}
  void fit_layer(LayerDraft& layer, LayerData& /*data*/) const override {
    round_to_nearest(layer, largest_ ? largest_scales(layer) : layer.scale);
  }

 private:
  bool largest_;
};

}  // namespace

std::unique_ptr<const Method> make_nearest(Settings& settings) {
  constexpr std::string_view kScales[] = {"keep", "largest"};
  return std::make_unique<Nearest>(settings.choice("scale", kScales) == 1);
}

}  // namespace vitq
