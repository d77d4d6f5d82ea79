// SPDX-License-Identifier: Apache-2.0
// Method "target": {"stream": "float" | "own"}. It sets what later steps fit a layer to.
#include "methods/list.h"

namespace vitq {
namespace {

class SetTarget : public Method {
 public:
  explicit SetTarget(Target target) : target_(target) {}
  void fit_layer(LayerDraft& layer, LayerData& /*data*/) const override { layer.target = target_; }

 private:
  Target target_;
};

}  // namespace

std::unique_ptr<const Method> make_target(Settings& settings) {
  constexpr std::string_view kStreams[] = {"float", "own"};
  const bool own = settings.choice("stream", kStreams) == 1;
  return std::make_unique<SetTarget>(own ? Target::kOwnInputs : Target::kFloatStream);
}

}  // namespace vitq
