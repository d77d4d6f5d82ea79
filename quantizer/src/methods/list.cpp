// SPDX-License-Identifier: Apache-2.0
// Lists all methods by name.
#include "methods/list.h"

#include "base/text.h"

namespace vitq {
namespace {

struct Entry {
  std::string_view name;
  std::unique_ptr<const Method> (*make)(Settings& settings);
};

constexpr Entry kMethods[] = {
    // Inputs
    {"smooth", make_smooth},        // input channels are shifted and scaled before they are coded
    {"clip", make_clip},            // rows lose the ends of their ranges
    {"qk_smooth", make_qk_smooth},  // so are the channels of queries and keys
    {"key_value_bits", make_key_value_bits},  // keys and values have at most so many
    // Weights
    {"nearest", make_nearest},      // weights go to the nearest codes
    {"row_scale", make_row_scale},  // scales with the smallest error of rounding
    {"ridge", make_ridge},          // weights move to make up for errors of the inputs
    {"codebook", make_codebook},    // codes lie as the weights do
    {"gptq", make_gptq},            // later columns make up for errors of earlier ones
    {"coordinate_descent", make_coordinate_descent},  // each code in turn gets its best value
    {"bias", make_bias},                              // outputs get the mean they should have
    // Static ranges
    {"minmax", make_minmax},          // hold all values
    {"percentile", make_percentile},  // hold all values but a share
    {"mse", make_mse},                // have the least squared error
    {"entropy", make_entropy},        // keep the most information
    {"correlation",
     make_correlation},  // the paper's: the outputs correlate best with the float ones
    // All
    {"target", make_target},  // what layers are fitted to
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
