// SPDX-License-Identifier: Apache-2.0
#include "quantize/layer_rules.h"

#include <algorithm>

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

Bits parse_bits(std::string_view text) {
  const auto digit = [text](std::size_t at) { return at < text.size() ? text[at] - '0' : -1; };
  const Bits bits = {digit(1), digit(3)};
  const auto fits = [](int n) { return n >= kMinBits && n <= kMaxBits; };
  const bool shaped = text.size() == 4 && text[0] == 'w' && text[2] == 'a';
  if (shaped && fits(bits.weights) && fits(bits.activations)) return bits;
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
