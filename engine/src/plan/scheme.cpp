// SPDX-License-Identifier: Apache-2.0
// Schemes: look-up, and their form in model files.
#include <algorithm>

#include "core/text.h"
#include "plan/prune.h"
#include "plan/scheme_check.h"
#include "vitq/error.h"
#include "vitq/quant.h"

namespace vitq {
namespace {

constexpr std::string_view kRanges[] = {"static", "per_token", "per_channel"};

// The vectors of a QParams by the names they have in files.
struct SiteTensor {
  std::string_view name;
  std::vector<float> QParams::*values;
};
constexpr SiteTensor kParts[] = {{"scale", &QParams::scale},
                                 {"lo", &QParams::lo},
                                 {"smoothing_scale", &QParams::smoothing_scale},
                                 {"channel_offset", &QParams::channel_offset},
                                 {"clip", &QParams::clip},
                                 {"codebook", &QParams::codebook}};

// What format 2 of model files called these, and an output token's bias.
struct OldName {
  std::string_view old, now;
};
constexpr OldName kFormat2Tensors[] = {{".fold", ".smoothing_scale"},
                                       {".shift", ".channel_offset"},
                                       {".bias_rows", ".output_token_bias"}};
constexpr OldName kFormat2Ranges[] = {
    {"frozen", "static"}, {"per_row", "per_token"}, {"per_column", "per_channel"}};

void rename_tensors_of_format_2(Weights& weights) {
  std::vector<std::pair<std::string, std::string>> renames;
  for (const auto& [name, tensor] : weights.tensors) {
    for (const OldName& part : kFormat2Tensors) {
      if (!name.ends_with(part.old)) continue;
      renames.emplace_back(name, cat(name.substr(0, name.size() - part.old.size()), part.now));
    }
  }
  for (auto& [old, now] : renames) {
    auto entry = weights.tensors.extract(old);
    entry.key() = std::move(now);
    weights.tensors.insert(std::move(entry));
  }
}

std::string tensor_name(const Graph& graph, Site site, std::string_view part) {
  return cat(graph[site.node].name, ".", site.operand, ".", part);
}

bool is_product(const Node& node) {
  return std::holds_alternative<op::Linear>(node.op) ||
         std::holds_alternative<op::Conv2d>(node.op) || std::holds_alternative<op::MatMul>(node.op);
}

const Node& weight_of(const Graph& graph, Site site) {
  return graph[graph[site.node].inputs[1]];
}

void unpack(const Node& weight, const QParams& params, Weights& weights) {
  Tensor& tensor = weights.tensors[weight.name];  // one that is missing is refused as empty
  try {
    tensor = bit_unpacked(tensor, weight.shape, params.bits);
  } catch (const WeightError& error) {
    throw WeightError(cat("'", weight.name, "': ", error.what()));
  }
  if (params.codebook.empty()) return;
  const std::vector<float>& entries = params.codebook;
  for (std::int8_t& code : tensor.as<std::int8_t>()) {
    code = static_cast<std::int8_t>(entries[at(code + static_cast<int>(entries.size()) / 2)]);
  }
}

// Places in the codebook for codes that are its entries.
Tensor places_of(const Tensor& codes, const std::vector<float>& codebook) {
  Tensor places = codes.clone();
  for (std::int8_t& code : places.as<std::int8_t>()) {
    const auto entry = std::ranges::lower_bound(codebook, static_cast<float>(code));
    const auto half = static_cast<std::ptrdiff_t>(codebook.size() / 2);
    if (entry == codebook.end() || *entry != static_cast<float>(code)) {
      throw WeightError(cat("code ", int{code}, " is not in the codebook"));
    }
    code = static_cast<std::int8_t>(entry - codebook.begin() - half);
  }
  return places;
}

NodeId product_named(const Graph& graph, const Json& json) {
  const std::string name = json.string();
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (graph[id].name == name && is_product(graph[id])) return id;
  }
  json.fail(cat("the network has no layer '", name, "'"));
}

Range range_of(const Json& json) {
  std::string name = json.string();
  for (const OldName& range : kFormat2Ranges) {
    if (name == range.old) name = range.now;
  }
  for (std::size_t i = 0; i < std::size(kRanges); ++i) {
    if (name == kRanges[i]) return static_cast<Range>(i);
  }
  json.fail(cat("expected static, per_token or per_channel, found '", name, "'"));
}

}  // namespace

const QParams* Scheme::find(Site site) const {
  const auto found = sites_.find(site);
  return found == sites_.end() ? nullptr : &found->second;
}

Json scheme_to_json(const Graph& graph, const Scheme& scheme) {
  Json sites = Json::array();
  for (const auto& [site, params] : scheme.sites()) {
    Json json = Json::object();
    json.set("node", graph[site.node].name).set("operand", site.operand).set("bits", params.bits);
    if (params.output_token_bits) json.set("output_token_bits", *params.output_token_bits);
    json.set("range", kRanges[static_cast<std::size_t>(params.range)]);
    sites.push(std::move(json));
  }
  return sites;
}

void store_scheme(const Graph& graph, const Scheme& scheme, Weights& weights) {
  for (const auto& [site, params] : scheme.sites()) {
    for (const SiteTensor& part : kParts) {
      const std::vector<float>& values = params.*part.values;
      if (values.empty()) continue;
      Tensor tensor({static_cast<std::int64_t>(values.size())}, DType::kF32);
      std::copy(values.begin(), values.end(), tensor.as<float>().begin());
      weights.tensors[tensor_name(graph, site, part.name)] = std::move(tensor);
    }
  }
}

void bit_pack(const Graph& graph, const Scheme& scheme, Weights& weights) {
  for (const auto& [site, params] : scheme.sites()) {
    if (!is_weight(graph, site) || params.bits == kDigitBits) continue;
    Tensor& tensor = weights.tensors.at(weight_of(graph, site).name);
    if (!params.codebook.empty()) tensor = places_of(tensor, params.codebook);
    tensor = bit_packed(tensor, params.bits);
  }
}

Scheme load_scheme(const Graph& graph, Weights& weights, const Json& json) {
  rename_tensors_of_format_2(weights);
  const std::optional<AxisSpan> output = output_tokens(graph);
  Scheme scheme;
  for (const Json& entry : json.items()) {
    const Site site = {product_named(graph, entry.at("node")),
                       static_cast<int>(entry.at("operand").integer(0, 1))};
    if (scheme.find(site) != nullptr) entry.fail("the site is there twice");
    QParams params;
    params.bits = static_cast<int>(entry.at("bits").integer(2, kMostCodeBits));
    if (const auto more = entry.find("output_token_bits")) {
      params.output_token_bits = static_cast<int>(more->integer(2, kMostCodeBits));
    }
    params.range = range_of(entry.at("range"));
    for (const SiteTensor& part : kParts) {
      const Tensor* tensor = weights.find(tensor_name(graph, site, part.name));
      if (tensor == nullptr) continue;
      const std::span<const float> values = tensor->as<float>();
      (params.*part.values).assign(values.begin(), values.end());
    }
    require_codebook(graph, site, params);
    if (is_weight(graph, site) && params.bits != kDigitBits) {
      unpack(weight_of(graph, site), params, weights);
    }
    require_site({graph, weights, output}, site, params);
    scheme.set(site, std::move(params));
  }
  for (const auto& [site, params] : scheme.sites()) {
    if (scheme.find({site.node, 1 - site.operand}) == nullptr) {
      json.fail(cat("layer '", graph[site.node].name, "' has only one operand quantized"));
    }
  }
  return scheme;
}

std::optional<AxisSpan> output_tokens(const Graph& graph) {
  std::optional<AxisSpan> output_tokens;
  for (const std::optional<AxisSpan>& rows : rows_read(graph)) {
    if (!rows || rows->axis != kTokens) continue;
    if (!output_tokens) output_tokens = rows;
    output_tokens->begin = std::min(output_tokens->begin, rows->begin);
    output_tokens->end = std::max(output_tokens->end, rows->end);
  }
  return output_tokens;
}

}  // namespace vitq
