// SPDX-License-Identifier: Apache-2.0
// Bits per layer as users state them: --keep, --set, and policy files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vitq/quantizer.h"

namespace vitq::apps {

constexpr int kMinBits = 4;
constexpr int kMaxBits = 8;

// "w6a8". Throws UsageError for anything else, and for bits outside of kMinBits to kMaxBits.
Bits parse_bits(std::string_view text);

// The rule of --keep REGEX, and that of --set REGEX=w6a8. Throws UsageError.
LayerRule keep_rule(const std::string& pattern);
LayerRule set_rule(const std::string& text);

// {"rules": [{"layers": REGEX, "bits": "w6a8" or "keep"}]}, in order. Throws FileError.
std::vector<LayerRule> rules_from_json(const Json& json);

}  // namespace vitq::apps
