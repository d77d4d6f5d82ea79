// SPDX-License-Identifier: Apache-2.0
// Golden checkpoints whose config.json says something else.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "vitq/convert.h"
#include "vitq/error.h"

namespace vitq::test {

inline const std::filesystem::path kGoldens =
    std::filesystem::path(VITQ_TEST_FILES) / "golden" / "models";

// `json` with `value` under a key, which dots lead to.
inline Json with(const Json& json, const std::string& key, const Json& value) {
  const std::size_t dot = key.find('.');
  Json changed = json.is_object() ? json : Json::object();
  if (dot == std::string::npos) return changed.set(key, value);
  const std::string first = key.substr(0, dot);
  const Json below = json.find(first).value_or(Json::object());
  return changed.set(first, with(below, key.substr(dot + 1), value));
}

inline Json without(const Json& json, std::string_view key) {
  Json left = Json::object();
  for (const auto& [name, value] : json.members()) {
    if (name != key) left.set(name, value);
  }
  return left;
}

inline Checkpoint checkpoint(const std::string& name) {
  const std::filesystem::path folder = kGoldens / name;
  return read_checkpoint(
      std::filesystem::exists(folder / "config.json") ? folder : folder / "model.safetensors");
}

// As if the file said so: messages name places of what was parsed.
inline Checkpoint saying(Checkpoint source, const Json& config) {
  source.config = Json::parse(config.dump(), "config.json");
  return source;
}

inline Checkpoint changed(const std::string& name, const std::string& key, const Json& value) {
  const Checkpoint source = checkpoint(name);
  return saying(source, with(source.config, key, value));
}

template <typename Kind>
std::string refusal(const Checkpoint& source, const ConvertOptions& options = {}) {
  try {
    convert(source, options);
  } catch (const Kind& error) {
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace vitq::test
