// SPDX-License-Identifier: Apache-2.0
// All methods, by name.
#include "methods/list.h"

#include "text.h"

namespace vitq {
namespace {

constexpr MethodEntry kMethods[] = {
    {"balance", "attention: queries and keys centred, and balanced channel by channel",
     make_balance},
    {"bias", "outputs get the mean they should have, special rows apart", make_bias},
    {"correlation", "the paper's scales per tensor, by the correlation of outputs",
     make_correlation},
    {"entropy", "frozen ranges that keep the most information", make_entropy},
    {"fold", "input channels shifted and scaled before they are quantized", make_fold},
    {"gptq", "weights rounded column by column, later ones making up for earlier", make_gptq},
    {"minmax", "frozen ranges that hold all values", make_minmax},
    {"mse", "frozen ranges with the least squared error", make_mse},
    {"nearest", "weights to the nearest codes", make_nearest},
    {"percentile", "frozen ranges that hold all values but a share", make_percentile},
    {"ridge", "weights moved to where they make up for errors of the inputs", make_ridge},
    {"row_scale", "weight scales by the error of rounding, weighed by the inputs", make_row_scale},
    {"sweeps", "coordinate descent on codes and scales", make_sweeps},
    {"target", "what layers are fitted to: the float network, or their own inputs", make_target},
};

}  // namespace

std::span<const MethodEntry> methods() {
  return kMethods;
}

std::unique_ptr<const Method> make_method(std::string_view name, const Json& json) {
  for (const MethodEntry& entry : kMethods) {
    if (entry.name != name) continue;
    Settings settings(json);
    std::unique_ptr<const Method> method = entry.make(settings);
    settings.finish();
    return method;
  }
  json.fail(text_of("there is no method '", name, "'"));
}

}  // namespace vitq
