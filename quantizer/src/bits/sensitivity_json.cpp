// SPDX-License-Identifier: Apache-2.0
#include "vitq/sensitivity.h"

namespace vitq {
namespace {

Json losses_to_json(const std::vector<BitsLoss>& losses) {
  Json list = Json::array();
  for (const BitsLoss& choice : losses) {
    Json json = Json::object();
    json.set("weight_bits", bits_of(choice));
    if (choice.bits) json.set("activation_bits", choice.bits->activations);
    if (choice.nanoseconds > 0) json.set("nanoseconds", choice.nanoseconds);
    list.push(json.set("bytes", choice.bytes).set("loss", choice.loss));
  }
  return list;
}

std::int64_t size_of(const Json& json) {
  // The sum of millions of such sizes fits 64 bits.
  return json.integer(0, std::int64_t{1} << 40U);
}

// A time of 0 says that nothing was timed.
std::int64_t time_of(const Json& json, std::string_view key) {
  const std::optional<Json> time = json.find(key);
  return time ? size_of(*time) : 0;
}

double loss_of(const Json& json) {
  constexpr double kMax = 1e30;  // sums of squares of such losses are still numbers
  const double loss = json.number();
  if (!(loss >= 0.0 && loss <= kMax)) json.fail("a loss lies between 0 and 1e30");
  return loss;
}

std::optional<Bits> bits_from_json(const Json& json) {
  if (json.at("weight_bits").integer(kMinBits, kFloatBits) == kFloatBits) return std::nullopt;
  return Bits{static_cast<int>(json.at("weight_bits").integer(kMinBits, kMaxBits)),
              static_cast<int>(json.at("activation_bits").integer(kMinBits, kMaxBits))};
}

std::vector<BitsLoss> losses_from_json(const Json& json) {
  std::vector<BitsLoss> losses;
  for (const Json& item : json.items()) {
    losses.push_back({bits_from_json(item), size_of(item.at("bytes")), loss_of(item.at("loss")),
                      time_of(item, "nanoseconds")});
  }
  if (losses.empty()) json.fail("expected a number of bits, found none");
  return losses;
}

std::vector<std::string> names_from_json(const Json& json) {
  std::vector<std::string> names;
  for (const Json& item : json.items()) names.push_back(item.string());
  if (names.empty()) json.fail("expected a layer, found none");
  return names;
}

Json token_weights_to_json(const TokenWeightsFound& weights) {
  Json list = Json::array();
  for (const auto& [node, weight] : weights) {
    Json json = Json::object();
    list.push(json.set("node", node).set("weight", static_cast<double>(weight)));
  }
  return list;
}

TokenWeightsFound token_weights_from_json(const Json& json) {
  TokenWeightsFound weights;
  for (const Json& item : json.items()) {
    const double weight = item.at("weight").number();
    if (!(weight >= 1e-3 && weight <= 1e3)) item.fail("a weight lies between 0.001 and 1000");
    const auto node = static_cast<NodeId>(item.at("node").integer(0, 1 << 30));
    weights[node] = static_cast<float>(weight);
  }
  return weights;
}

}  // namespace

Json Sensitivities::to_json() const {
  Json list = Json::array();
  for (const Group& group : groups) {
    Json names = Json::array();
    for (const std::string& layer : group.layers) names.push(layer);
    Json json = Json::object();
    json.set("name", group.name).set("layers", std::move(names)).set("weights", group.weights);
    list.push(json.set("choices", losses_to_json(group.choices)));
  }
  Json json = Json::object();
  json.set("rest_bytes", rest_bytes).set("uniform", losses_to_json(uniform));
  if (!cpu.empty()) json.set("cpu", cpu).set("rest_nanoseconds", rest_nanoseconds);
  if (!token_weights.empty()) json.set("token_weights", token_weights_to_json(token_weights));
  return json.set("groups", std::move(list));
}

Sensitivities Sensitivities::from_json(const Json& json) {
  Sensitivities result;
  result.rest_bytes = size_of(json.at("rest_bytes"));
  result.uniform = losses_from_json(json.at("uniform"));
  result.rest_nanoseconds = time_of(json, "rest_nanoseconds");
  if (const std::optional<Json> cpu = json.find("cpu")) result.cpu = cpu->string();
  if (const auto weights = json.find("token_weights")) {
    result.token_weights = token_weights_from_json(*weights);
  }
  for (const Json& item : json.at("groups").items()) {
    result.groups.push_back({item.at("name").string(), names_from_json(item.at("layers")),
                             size_of(item.at("weights")), losses_from_json(item.at("choices"))});
  }
  if (result.groups.empty()) json.at("groups").fail("expected a layer, found none");
  return result;
}

}  // namespace vitq
