// SPDX-License-Identifier: Apache-2.0
#include "common/range_check.h"

#include "common/table.h"

namespace vitq::apps {

namespace {

// Far more often means by this factor, and at least this share of all values.
constexpr double kFactor = 4.0;
constexpr double kMinShare = 0.001;

bool reads_image(const Graph& graph, const Node& node) {
  return std::holds_alternative<op::Input>(graph[node.inputs[0]].op);
}

Scheme scheme_of(const std::filesystem::path& path, const Model& model, const Graph& graph) {
  const Json& quantization = model.info().quantization;
  if (quantization.is_null()) return Scheme::float32();
  Weights weights = read_safetensors(path);
  return load_scheme(graph, weights, quantization.at("scheme"));
}

double calibrated_share(const ModelInfo& info, const std::string& layer) {
  if (info.quantization.is_null()) return 0.0;
  const std::optional<Json> clipped = info.quantization.find("clipped");
  const std::optional<Json> share = clipped ? clipped->find(layer) : std::nullopt;
  return share ? share->number() : 0.0;
}

}  // namespace

double clipped_share(std::span<const float> values, const QParams& params) {
  const float lo = params.lo[0];
  const float scale = params.scale[0];
  const float max = static_cast<float>(max_code(params.bits)) + 0.5F;
  std::size_t outside = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float channel_offset = params.channel_offset.empty()
                                     ? 0.0F
                                     : params.channel_offset[i % params.channel_offset.size()];
    const float smoothing_scale = params.smoothing_scale.empty()
                                      ? 1.0F
                                      : params.smoothing_scale[i % params.smoothing_scale.size()];
    const float code = ((values[i] - channel_offset) / smoothing_scale - lo) / scale;
    if (!(code >= -0.5F && code <= max)) ++outside;
  }
  return static_cast<double>(outside) / static_cast<double>(values.size());
}

RangeCheck::RangeCheck(const std::filesystem::path& path, const SessionOptions& session)
    : model_(Model::load(path)) {
  const Graph& graph = model_.graph();
  std::vector<GraphOutput> operands;
  const Scheme scheme = scheme_of(path, model_, graph);
  for (const auto& [site, params] : scheme.sites()) {
    const Node& node = graph[site.node];
    const bool layer = site.operand == 0 && std::holds_alternative<op::Linear>(node.op);
    if (!layer || params.range != Range::kStatic || reads_image(graph, node)) continue;
    sites_.push_back(
        {node.name, node.inputs[0], params, calibrated_share(model_.info(), node.name), 0.0});
    operands.push_back({node.name, node.inputs[0]});
  }
  model_ = Model::load(path, {.session = session, .lower = {.also = std::move(operands)}});
}

void RangeCheck::add(const Tensor& input) {
  if (sites_.empty()) return;
  const std::vector<Tensor> outputs = model_.run(input);
  const std::span<const Tensor> operands = std::span(outputs).last(sites_.size());
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    sites_[i].sum += clipped_share(operands[i].as<float>(), sites_[i].params);
  }
  ++batches_;
}

std::string RangeCheck::report() const {
  if (sites_.empty())
    return "no layer has a static range: each row finds its own, and none clips\n";
  Table table({"layer", "outside now %", "in calibration %"}, "lrr");
  int found = 0;
  for (const Site& site : sites_) {
    const double share = batches_ == 0 ? 0.0 : site.sum / static_cast<double>(batches_);
    if (share < kMinShare || share < kFactor * site.calibrated) continue;
    table.add({site.layer, fixed(100.0 * share, 3), fixed(100.0 * site.calibrated, 3)});
    ++found;
  }
  const std::string count = std::to_string(found) + " of " + std::to_string(sites_.size());
  if (found == 0) return "all static ranges fit these images (" + count + " layers stand out)\n";
  return "warning: these images do not fit the ranges of " + count +
         " layers; calibrate on images like them, or use a recipe with ranges per row\n" +
         table.str();
}

}  // namespace vitq::apps
