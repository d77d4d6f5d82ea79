// SPDX-License-Identifier: Apache-2.0
// Reads the settings of methods: each is checked, and none may be left over.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "vitq/method.h"

namespace vitq {

std::optional<Json> Settings::take(std::string_view key) {
  known_.emplace_back(key);
  return json_.find(key);
}

double Settings::number(std::string_view key, double fallback, double min, double max) {
  const std::optional<Json> json = take(key);
  if (!json) return fallback;
  const double value = json->number();
  if (value < min || value > max) {
    json->fail(text_of("expected a number from ", min, " to ", max, ", found ", value));
  }
  return value;
}

std::int64_t Settings::integer(std::string_view key, std::int64_t fallback, std::int64_t max) {
  const std::optional<Json> json = take(key);
  return json ? json->integer(0, max) : fallback;
}

bool Settings::boolean(std::string_view key, bool fallback) {
  const std::optional<Json> json = take(key);
  return json ? json->boolean() : fallback;
}

std::size_t Settings::choice(std::string_view key, std::span<const std::string_view> choices) {
  const std::optional<Json> json = take(key);
  if (!json) return 0;
  const std::string name = json->string();
  const auto found = std::find(choices.begin(), choices.end(), name);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::string names;
  for (const std::string_view choice : choices) names += text_of(names.empty() ? "" : ", ", choice);
  json->fail(text_of("expected one of ", names, ", found '", name, "'"));
}

void Settings::finish() const {
  for (const auto& [key, value] : json_.members()) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      value.fail(text_of("there is no setting '", key, "'"));
    }
  }
}

}  // namespace vitq
