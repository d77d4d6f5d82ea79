// SPDX-License-Identifier: Apache-2.0
// Accepted JSON can be read all the way down, has no key twice, and survives being written.
#include "vitq/json.h"

#include <set>

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

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  vitq::Json json;
  try {
    json = vitq::Json::parse(text, "input");
  } catch (const vitq::Error&) {
    return 0;
  }
  walk(json, 0);
  const std::string written = json.dump(1);
  const bool same = vitq::Json::parse(written, "written").dump(1) == written;
  if (!same || text.find('\0') != std::string_view::npos) __builtin_trap();
  return 0;
}
