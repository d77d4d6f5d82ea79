// SPDX-License-Identifier: Apache-2.0
// The recipes that have a name, as JSON.
#pragma once

#include <span>
#include <string_view>

namespace vitq {

struct NamedRecipe {
  std::string_view name;
  std::string_view json;
};
std::span<const NamedRecipe> named_recipes();

}  // namespace vitq
