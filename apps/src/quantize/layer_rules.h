// SPDX-License-Identifier: Apache-2.0
// Users state bits per layer with --keep, --set, and policy files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/quantizer.h"

namespace vitq::apps {

// Answers "2 to 16": every option that names bits of weights or activations takes kMinBits to
// kMaxBits of the quantizer.
std::string bits_range();

// Takes the number that `text` begins with, if it is one of those.
std::optional<int> take_bits(std::string_view& text);

// Reads "w6a8". Throws UsageError for anything else, and for bits outside of the range.
Bits parse_bits(std::string_view text);

// These are the rule of --keep REGEX, and that of --set REGEX=w6a8. Both throw UsageError.
LayerRule keep_rule(const std::string& pattern);
LayerRule set_rule(const std::string& text);

// Reads {"rules": [{"layers": REGEX, "bits": "w6a8" or "keep"}]}, in order. Throws FileError.
std::vector<LayerRule> rules_from_json(const Json& json);

}  // namespace vitq::apps
