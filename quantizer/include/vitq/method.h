// SPDX-License-Identifier: Apache-2.0
// One step of quantizing a layer, by name. A new method is one file in
// quantizer/src/methods and one line in its list.cpp.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/json.h"
#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"

namespace vitq {

class Method {
 public:
  Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;
  virtual ~Method() = default;

  // Decides something of the draft; a method overrides what it is about.
  virtual void fit_layer(LayerDraft& /*layer*/, LayerData& /*data*/) const {}
  virtual void fit_attention(AttentionDraft& /*attention*/, AttentionData& /*data*/) const {}
};

// The settings of a method, read strictly: a key that nobody asked for is an error.
class Settings {
 public:
  explicit Settings(Json json) : json_(std::move(json)) {}

  double number(std::string_view key, double fallback, double min, double max);
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t max);  // from 0
  bool boolean(std::string_view key, bool fallback);
  // The index of the string in `choices`; the first is the fallback.
  std::size_t choice(std::string_view key, std::span<const std::string_view> choices);
  // Throws FileError(kMalformed) if there are keys left.
  void finish() const;

 private:
  std::optional<Json> take(std::string_view key);

  Json json_;
  std::vector<std::string> known_;
};

// `json`: the settings, an object without the key "method". Throws FileError for unknown names,
// with the known ones, and for unknown settings; messages name the place in the JSON.
std::unique_ptr<const Method> make_method(std::string_view name, const Json& json);

}  // namespace vitq
