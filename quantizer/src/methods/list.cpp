// SPDX-License-Identifier: Apache-2.0
// All methods, by name.
#include "methods/list.h"

#include "text.h"

namespace vitq {
namespace {

constexpr MethodEntry kMethods[] = {
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
