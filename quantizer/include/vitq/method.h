// SPDX-License-Identifier: Apache-2.0
// A method is one step of quantizing a layer, known by its name. docs/add_a_method.md shows how to
// add one.
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

  // Each decides something of the draft. A method overrides what it is about.
  virtual void fit_layer(LayerDraft& /*layer*/, LayerData& /*data*/) const {}
  virtual void fit_attention(AttentionDraft& /*attention*/, AttentionData& /*data*/) const {}
};

// The settings of a method, read strictly. Values of the wrong kind or outside of the limits throw
// FileError(kMalformed), which names their place in the JSON.
class Settings {
 public:
  explicit Settings(Json json) : json_(std::move(json)) {}

  double number(std::string_view key, double fallback, double min, double max);
  // From 0 to `max`.
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t max);
  bool boolean(std::string_view key, bool fallback);
  // The index of the string in `choices`; the first one is the fallback.
  std::size_t choice(std::string_view key, std::span<const std::string_view> choices);
  // Throws FileError(kMalformed) if there are keys that nobody has asked for.
  void finish() const;

 private:
  std::optional<Json> take(std::string_view key);

  Json json_;
  std::vector<std::string> known_;
};

// `json` holds the settings: an object without the key "method". Throws FileError for a name or a
// setting that does not exist; the message lists the known names.
std::unique_ptr<const Method> make_method(std::string_view name, const Json& json);

}  // namespace vitq
