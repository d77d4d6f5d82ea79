// SPDX-License-Identifier: Apache-2.0
#include "quantize/layer_rules.h"

#include <algorithm>
#include <charconv>

#include "common/args.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

std::string quote(std::string_view text) {
  return "'" + std::string(text) + "'";
}

void require_expression(const std::string& pattern) {
  try {
    layer_expression(pattern);
  } catch (const UnsupportedError& error) {
    throw UsageError(error.what());
  }
}

void require_members(const Json& json, std::span<const std::string_view> known) {
  for (const auto& [key, value] : json.members()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) value.fail("unknown key");
  }
}

LayerRule rule_from_json(const Json& json) {
  constexpr std::string_view kKeys[] = {"layers", "bits"};
  require_members(json, kKeys);
  const std::string bits = json.at("bits").string();
  const Json layers = json.at("layers");
  try {
    LayerRule rule = keep_rule(layers.string());
    if (bits != "keep") rule.bits = parse_bits(bits);
    return rule;
  } catch (const UsageError& error) {
    json.fail(error.what());
  }
}

}  // namespace

std::string bits_range() {
  return std::to_string(kMinBits) + " to " + std::to_string(kMaxBits);
}

std::optional<int> take_bits(std::string_view& text) {
  int bits = 0;
  if (text.starts_with('0')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error != std::errc() || bits < kMinBits || bits > kMaxBits) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return bits;
}

Bits parse_bits(std::string_view text) {
  std::string_view rest = text;
  const auto take = [&rest](char letter) -> std::optional<int> {
    if (!rest.starts_with(letter)) return std::nullopt;
    rest.remove_prefix(1);
    return take_bits(rest);
  };
  const std::optional<int> weights = take('w');
  const std::optional<int> activations = take('a');
  if (weights && activations && rest.empty()) return {*weights, *activations};
  throw UsageError("expected bits such as w6a8, each from " + bits_range() + ", found " +
                   quote(text));
}

LayerRule keep_rule(const std::string& pattern) {
  require_expression(pattern);
  return {pattern, std::nullopt};
}

LayerRule set_rule(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) {
    throw UsageError("expected REGEX=w6a8, found " + quote(text));
  }
  LayerRule rule = keep_rule(text.substr(0, equals));
  rule.bits = parse_bits(std::string_view(text).substr(equals + 1));
  return rule;
}

std::vector<LayerRule> rules_from_json(const Json& json) {
  constexpr std::string_view kKeys[] = {"rules"};
  require_members(json, kKeys);
  std::vector<LayerRule> rules;
  for (const Json& rule : json.at("rules").items()) rules.push_back(rule_from_json(rule));
  return rules;
}

}  // namespace vitq::apps
