// SPDX-License-Identifier: Apache-2.0
#include "vitq/config_schema.h"

#include <algorithm>

#include "core/text.h"
#include "vitq/error.h"

namespace vitq {
namespace {

bool same_value(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return a.number() == b.number();
  return a.dump() == b.dump();
}

bool is_allowed(const Json& value, const ConfigKey& key) {
  const std::vector<Json> allowed =
      Json::parse(key.allowed, cat("the schema's values of ", key.name)).items();
  return value.is_null() || std::any_of(allowed.begin(), allowed.end(),
                                        [&](const Json& each) { return same_value(value, each); });
}

class KeyCheck {
 public:
  explicit KeyCheck(const ConfigSchema& schema) : schema_(schema) {}

  // `prefix` is what leads to this object, with its dot.
  void look_into(const Json& object, const std::string& prefix) {
    for (const auto& [name, value] : object.members()) look_at(prefix + name, value);
  }

  std::vector<std::string> answer() && {
    if (!refused_.empty()) {
      throw UnsupportedError(cat("not supported (", schema_.name, "):", refused_));
    }
    return std::move(unknown_);
  }

 private:
  void look_at(const std::string& key, const Json& value) {
    if (const ConfigKey* known = find(key)) {
      require_allowed(*known, value);
    } else if (value.is_object() && leads_on(key + ".")) {
      look_into(value, key + ".");
    } else {
      unknown_.push_back(value.place());
    }
  }

  void require_allowed(const ConfigKey& key, const Json& value) {
    if (key.use != ConfigKey::Use::kFixed || is_allowed(value, key)) return;
    const std::string note = key.note.empty() ? "" : cat(" (", key.note, ")");
    refused_ += cat("\n  ", value.place(), ": ", value.dump(), "; computed is ", key.allowed, note);
  }

  const ConfigKey* find(std::string_view name) const {
    const auto found = std::find_if(schema_.keys.begin(), schema_.keys.end(),
                                    [&](const ConfigKey& key) { return key.name == name; });
    return found == schema_.keys.end() ? nullptr : &*found;
  }

  bool leads_on(std::string_view prefix) const {
    return std::any_of(schema_.keys.begin(), schema_.keys.end(),
                       [&](const ConfigKey& key) { return key.name.starts_with(prefix); });
  }

  const ConfigSchema& schema_;
  std::vector<std::string> unknown_;
  std::string refused_;
};

}  // namespace

std::vector<std::string> check_keys(const Json& json, const ConfigSchema& schema) {
  KeyCheck check(schema);
  check.look_into(json, "");
  return std::move(check).answer();
}

}  // namespace vitq
