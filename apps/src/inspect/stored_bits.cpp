// SPDX-License-Identifier: Apache-2.0
#include "inspect/stored_bits.h"

#include <algorithm>
#include <map>
#include <optional>
#include <variant>

#include "common/bits_text.h"

namespace vitq::apps {

namespace {

constexpr std::int64_t kMostBits = 64;

int bits_at(const Json& site, std::string_view key) {
  return static_cast<int>(site.at(key).integer(1, kMostBits));
}

// The nodes whose second operand is a weight; of attentions those of queries and keys alone count.
std::map<std::string, bool> nodes_with_weights(const Graph& graph) {
  std::map<std::string, bool> nodes;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const auto* product = std::get_if<op::MatMul>(&graph[id].op);
    if (product != nullptr && !product->transpose_b) continue;
    nodes[graph[id].name] = product == nullptr;
  }
  return nodes;
}

}  // namespace

std::vector<StoredBits> stored_bits(const Graph& graph, const Weights& weights,
                                    const Json& scheme) {
  const std::map<std::string, bool> nodes = nodes_with_weights(graph);
  std::map<std::string, int> of_weights;
  for (const Json& site : scheme.items()) {
    if (site.at("operand").integer(0, 1) == 1) {
      of_weights[site.at("node").string()] = bits_at(site, "bits");
    }
  }
  std::vector<StoredBits> result;
  for (const Json& site : scheme.items()) {
    const std::string node = site.at("node").string();
    const auto known = nodes.find(node);
    if (site.at("operand").integer(0, 1) == 1 || known == nodes.end()) continue;
    std::optional<int> output_tokens;
    if (site.find("output_token_bits")) output_tokens = bits_at(site, "output_token_bits");
    const auto weight = of_weights.find(node);
    const bool weighted = known->second && weight != of_weights.end();
    const std::string text = bits_text(weighted ? std::optional(weight->second) : std::nullopt,
                                       bits_at(site, "bits"), output_tokens);
    auto found = std::ranges::find(result, text, &StoredBits::bits);
    if (found == result.end()) found = result.insert(result.end(), {text});
    ++found->sites;
    if (weights.find(node + ".0.clip") != nullptr) ++found->clipped;
  }
  return result;
}

std::string to_text(const std::vector<StoredBits>& bits) {
  std::string text;
  for (const StoredBits& kind : bits) {
    text += (text.empty() ? "" : ", ") + kind.bits + ": " + std::to_string(kind.sites);
    if (kind.clipped > 0) text += ", of which " + std::to_string(kind.clipped) + " clip rows";
  }
  return text;
}

Json to_json(const std::vector<StoredBits>& bits) {
  Json list = Json::array();
  for (const StoredBits& kind : bits) {
    Json json = Json::object();
    list.push(json.set("bits", kind.bits).set("sites", kind.sites).set("clipped", kind.clipped));
  }
  return list;
}

}  // namespace vitq::apps
