// SPDX-License-Identifier: Apache-2.0
// All methods, by name.
#include "methods/list.h"

#include "text.h"

namespace vitq {
namespace {

struct Entry {
  std::string_view name;
  std::unique_ptr<const Method> (*make)(Settings& settings);
};

constexpr Entry kMethods[] = {
    {"qk_smooth", make_qk_smooth},      // queries and keys centred and balanced, channel by channel
    {"bias", make_bias},                // outputs get the mean they should have
    {"correlation", make_correlation},  // the paper's scales, by the correlation of outputs
    {"entropy", make_entropy},          // static ranges that keep the most information
    {"smooth", make_smooth},            // input channels shifted and scaled before they are coded
    {"gptq", make_gptq},                // column by column, later ones making up for earlier
    {"minmax", make_minmax},            // static ranges that hold all values
    {"mse", make_mse},                  // static ranges with the least squared error
    {"nearest", make_nearest},          // weights to the nearest codes
    {"percentile", make_percentile},    // static ranges that hold all values but a share
    {"ridge", make_ridge},              // weights moved to make up for errors of the inputs
    {"row_scale", make_row_scale},      // weight scales by the error of rounding
    {"coordinate_descent", make_coordinate_descent},  // coordinate descent on codes and scales
    {"target", make_target},                          // what layers are fitted to
};

}  // namespace

std::unique_ptr<const Method> make_method(std::string_view name, const Json& json) {
  for (const Entry& entry : kMethods) {
    if (entry.name != name) continue;
    Settings settings(json);
    std::unique_ptr<const Method> method = entry.make(settings);
    settings.finish();
    return method;
  }
  std::string known;
  for (const Entry& entry : kMethods) known += text_of(known.empty() ? "" : ", ", entry.name);
  json.fail(text_of("there is no method '", name, "'; known: ", known));
}

}  // namespace vitq
