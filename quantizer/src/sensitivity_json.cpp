// SPDX-License-Identifier: Apache-2.0
#include "vitq/sensitivity.h"

namespace vitq {
namespace {

Json losses_to_json(const std::vector<BitsLoss>& losses) {
  Json list = Json::array();
  for (const BitsLoss& loss : losses) {
    Json json = Json::object();
    json.set("bits", loss.bits).set("bytes", loss.bytes).set("kl", loss.kl);
    list.push(std::move(json));
  }
  return list;
}

std::int64_t size_of(const Json& json) {
  // What millions of them add up to fits 64 bits.
  return json.integer(0, std::int64_t{1} << 40U);
}

double kl_of(const Json& json) {
  const double kl = json.number();
  if (!(kl >= 0.0)) json.fail("a divergence is not negative");
  return kl;
}

std::vector<BitsLoss> losses_from_json(const Json& json) {
  std::vector<BitsLoss> losses;
  for (const Json& item : json.items()) {
    losses.push_back({static_cast<int>(item.at("bits").integer(2, 8)), size_of(item.at("bytes")),
                      kl_of(item.at("kl"))});
  }
  if (losses.empty()) json.fail("expected a number of bits, found none");
  return losses;
}

}  // namespace

Json Sensitivities::to_json() const {
  Json list = Json::array();
  for (const Layer& layer : layers) {
    Json json = Json::object();
    json.set("name", layer.name).set("weights", layer.weights);
    list.push(json.set("choices", losses_to_json(layer.choices)));
  }
  Json json = Json::object();
  json.set("rest_bytes", rest_bytes).set("uniform", losses_to_json(uniform));
  return json.set("layers", std::move(list));
}

Sensitivities Sensitivities::from_json(const Json& json) {
  Sensitivities result;
  result.rest_bytes = size_of(json.at("rest_bytes"));
  result.uniform = losses_from_json(json.at("uniform"));
  for (const Json& item : json.at("layers").items()) {
    result.layers.push_back({item.at("name").string(), size_of(item.at("weights")),
                             losses_from_json(item.at("choices"))});
  }
  if (result.layers.empty()) json.at("layers").fail("expected a layer, found none");
  return result;
}

}  // namespace vitq
