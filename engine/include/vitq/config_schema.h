// SPDX-License-Identifier: Apache-2.0
// A schema says, as data, what each key of a checkpoint's JSON file means for inference. No tensor
// shows most of them, so a key that is not read makes a wrong answer. The converter, the tests and
// docs/checkpoints.md share the schemas.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/json.h"

namespace vitq {

struct ConfigKey {
  enum class Use {
    kHonoured,  // the network or its preprocessing is built as it says
    kNoEffect,  // its origin does not read it at inference, or it repeats what tensors show
    kFixed,     // only the values of `allowed` are computed; others are refused
  };

  std::string_view name;  // dots lead into nested objects: "backbone_config.hidden_act"
  Use use;
  std::string_view allowed = {};  // of kFixed: a JSON array of values; null is always allowed
  std::string_view note = {};     // for people: what it does, or why it changes nothing
};

struct ConfigSchema {
  std::string_view name;  // for people: "transformers, ViTConfig"
  std::span<const ConfigKey> keys;
};

// Answers the places of the keys of `json` that the schema does not list, in the order of the file:
// "config.json: $.window_size". A nested object is looked into if a key of the schema leads into
// it. Throws UnsupportedError, which names every fixed key that has another value, what it has and
// what is computed.
std::vector<std::string> check_keys(const Json& json, const ConfigSchema& schema);

}  // namespace vitq
