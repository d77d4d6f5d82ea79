// SPDX-License-Identifier: Apache-2.0
// Accepted JSON can be read all the way down, has no key twice, and survives being written.
#include "vitq/json.h"

#include <set>

#include "fuzz/target.h"
#include "vitq/error.h"

static void walk(const vitq::Json& json, int depth) {
  const int levels = depth + (json.is_object() || json.is_array() ? 1 : 0);
  if (levels > vitq::Json::Limits().depth) __builtin_trap();
  std::set<std::string> keys;
  if (json.is_object()) {
    for (const auto& [key, value] : json.members()) {
      if (!keys.insert(key).second) __builtin_trap();
      walk(value, levels);
    }
  }
  if (json.is_array()) {
    for (const vitq::Json& item : json.items()) walk(item, levels);
  }
}

// noexcept, since nothing that is accepted may be refused later.
static void check_accepted(const vitq::Json& json) noexcept {
  walk(json, 0);
  const std::string written = json.dump(1);
  if (vitq::Json::parse(written, "written").dump(1) != written) __builtin_trap();
}

void check(std::span<const std::uint8_t> input) {
  const std::string_view text = as_text(input);
  check_accepted(vitq::Json::parse(text, "input"));
  if (text.find('\0') != std::string_view::npos) __builtin_trap();
}
