// SPDX-License-Identifier: Apache-2.0
// Accepted JSON can be read all the way down, has no key twice, and survives being written.
#include "vitq/json.h"

#include <set>

#include "vitq/error.h"

namespace {

void walk(const vitq::Json& json, int depth) {
  if (depth > vitq::Json::Limits().depth || json.place().empty()) __builtin_trap();
  std::set<std::string> keys;
  if (json.is_object()) {
    for (const auto& [key, value] : json.members()) {
      if (!keys.insert(key).second) __builtin_trap();
      walk(value, depth + 1);
    }
  }
  if (json.is_array()) {
    for (const vitq::Json& item : json.items()) walk(item, depth + 1);
  }
  if (json.is_integer() && json.integer(INT64_MIN, INT64_MAX) != std::stoll(json.dump())) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const vitq::Json json = vitq::Json::parse(text, "input");
    walk(json, 0);
    const std::string written = json.dump(1);
    if (vitq::Json::parse(written, "written").dump(1) != written) __builtin_trap();
  } catch (const vitq::Error&) {
  }
  return 0;
}
