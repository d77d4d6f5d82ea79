// SPDX-License-Identifier: Apache-2.0
// Schemes: look-up, and their form in model files.
#include <algorithm>
#include <cmath>
#include <functional>

#include "core/text.h"
#include "plan/prune.h"
#include "plan/weight_codes.h"
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

bool is_weight(const Graph& graph, Site site) {
  return site.operand == 1 && !std::holds_alternative<op::MatMul>(graph[site.node].op);
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

// Codes of weights of fewer than 8 bits may be places in a codebook.
void require_codebook(const Graph& graph, Site site, const QParams& params) {
  const std::vector<float>& entries = params.codebook;
  if (entries.empty()) return;
  const auto is_code = [](float v) { return std::trunc(v) == v && std::abs(v) <= 127.0F; };
  const bool good = is_weight(graph, site) && params.bits < 8 &&
                    entries.size() == std::size_t{1} << static_cast<unsigned>(params.bits) &&
                    std::ranges::all_of(entries, is_code) &&
                    std::ranges::adjacent_find(entries, std::greater_equal<>()) == entries.end();
  if (good) return;
  throw WeightError(cat("layer '", graph[site.node].name, "', operand ", site.operand,
                        ": a codebook has 2^bits rising integers of at most 127"));
}

// Checks one site of a file against the graph and the weights.
class SiteCheck {
 public:
  SiteCheck(const Graph& graph, const Weights& weights, Site site,
            const std::optional<AxisSpan>& output_tokens)
      : graph_(graph),
        weights_(weights),
        site_(site),
        node_(graph[site.node]),
        output_tokens_(output_tokens) {}

  void run(const QParams& params) const {
    const bool weight = is_weight(graph_, site_);
    if (weight) codes(params);
    require(range_allowed(params.range), "it cannot have a range of this kind");
    if (params.range == Range::kStatic) {
      const std::size_t scales = weight ? channels(0) : 1;
      const bool fits = params.scale.size() == scales || params.scale.size() == 1;
      require(fits, cat("expected ", scales, " scales, found ", params.scale.size()));
      require(weight || params.lo.size() == 1, "expected one lo");
    } else {
      require(params.scale.empty() && params.lo.empty(), "a range found at run time has no scale");
    }
    const auto positive = [](float value) { return std::isnormal(value) && value > 0.0F; };
    const auto finite = [](float value) { return std::isfinite(value); };
    require(!params.output_token_bits || params.range == Range::kPerToken,
            "only ranges found per token have bits of output tokens");
    require(!params.output_token_bits || has_others(),
            "bits of output tokens, where there are no others");
    require(
        params.clip.empty() || may_clip(params),
        "expected two shares of at least 0, below 1 together, that ranges found per token clip");
    require_all(params.scale, positive, "scale ");
    require_all(params.smoothing_scale, positive, "smoothing scale ");
    require_all(params.channel_offset, finite, "channel offset ");
    require_all(params.lo, finite, "lo ");
    require(params.smoothing_scale.empty() || one_per_column(params.smoothing_scale.size()),
            "the smoothing scale does not fit the layer");
    require(params.channel_offset.empty() || one_per_column(params.channel_offset.size()),
            "the channel offset does not fit the layer");
  }

 private:
  // Those of weights are known; only the values of an attention have one per column.
  bool range_allowed(Range range) const {
    if (is_weight(graph_, site_)) return range == Range::kStatic;
    const auto* product = std::get_if<op::MatMul>(&node_.op);
    const bool values = product != nullptr && !product->transpose_b && site_.operand == 1;
    return range == Range::kStatic || range == (values ? Range::kPerChannel : Range::kPerToken);
  }
  bool may_clip(const QParams& params) const {
    const bool input = site_.operand == 0 && !std::holds_alternative<op::MatMul>(node_.op);
    if (!input || params.range != Range::kPerToken || params.clip.size() != 2) return false;
    const auto [below, above] = std::pair(params.clip[0], params.clip[1]);
    return below >= 0.0F && above >= 0.0F && below + above < 1.0F;
  }
  // Whether the operand of a layer [N, tokens, C] or an attention [N, heads, tokens, dim] has
  // tokens beside the output tokens.
  bool has_others() const {
    const Shape& shape = graph_[node_.inputs[static_cast<std::size_t>(site_.operand)]].shape;
    const bool layer = std::holds_alternative<op::Linear>(node_.op) && shape.rank() == 3;
    const bool attention = std::holds_alternative<op::MatMul>(node_.op) && shape.rank() == 4;
    return output_tokens_ && (layer || attention) && output_tokens_->end < shape[-2];
  }
  std::size_t channels(int axis) const {
    return static_cast<std::size_t>(graph_[node_.inputs[1]].shape[axis]);
  }
  // Input channels of a layer; heads times channels of an attention operand.
  std::size_t smoothing_scales() const {
    if (!std::holds_alternative<op::MatMul>(node_.op)) return channels(1);
    const Shape& shape = graph_[node_.inputs[static_cast<std::size_t>(site_.operand)]].shape;
    return static_cast<std::size_t>(shape.rank() == 4 ? shape[1] * shape[3] : shape[-1]);
  }
  // Of a convolution: per input channel, or per place of the kernel, too.
  bool one_per_column(std::size_t count) const {
    if (count == smoothing_scales()) return true;
    if (!std::holds_alternative<op::Conv2d>(node_.op)) return false;
    return count == channels(1) * channels(2) * channels(3);
  }
  void codes(const QParams& params) const {
    const std::string& name = graph_[node_.inputs[1]].name;
    const Tensor& tensor = weights_.at(name);
    require(tensor.dtype() == DType::kS8,
            cat("expected s8 codes in ", name, ", found ", name_of(tensor.dtype())));
    if (!params.codebook.empty()) return;  // every place in it is a code
    const std::int32_t top = max_weight_code(params.bits);
    const std::span<const std::int8_t> all = tensor.as<std::int8_t>();
    if (within(all, top)) return;
    const auto outside = [top](std::int8_t code) { return code < -top || code > top; };
    const auto bad = std::find_if(all.begin(), all.end(), outside);
    require(false,
            cat("code ", int{*bad}, " in ", name, " lies outside of ", params.bits, " bits"));
  }
  template <typename Good>
  void require_all(const std::vector<float>& values, const Good& good, const char* what) const {
    const auto bad = std::find_if_not(values.begin(), values.end(), good);
    if (bad != values.end()) require(false, cat(what, *bad));
  }
  void require(bool holds, const std::string& what) const {
    if (!holds) {
      throw WeightError(cat("layer '", node_.name, "', operand ", site_.operand, ": ", what));
    }
  }

  const Graph& graph_;
  const Weights& weights_;
  Site site_;
  const Node& node_;
  const std::optional<AxisSpan>& output_tokens_;
};

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
    if (!is_weight(graph, site) || params.bits == 8) continue;
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
    params.bits = static_cast<int>(entry.at("bits").integer(2, 8));
    if (const auto more = entry.find("output_token_bits")) {
      params.output_token_bits = static_cast<int>(more->integer(2, 8));
    }
    params.range = range_of(entry.at("range"));
    for (const SiteTensor& part : kParts) {
      const Tensor* tensor = weights.find(tensor_name(graph, site, part.name));
      if (tensor == nullptr) continue;
      const std::span<const float> values = tensor->as<float>();
      (params.*part.values).assign(values.begin(), values.end());
    }
    require_codebook(graph, site, params);
    if (is_weight(graph, site) && params.bits < 8) unpack(weight_of(graph, site), params, weights);
    SiteCheck(graph, weights, site, output).run(params);
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
