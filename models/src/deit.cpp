// SPDX-License-Identifier: Apache-2.0
// DeiT: "Training data-efficient image transformers & distillation through attention",
// arXiv:2012.12877. It is a ViT. With a distillation token it has two heads, which are averaged.
#include "vit.h"

namespace vitq {
namespace {

std::vector<GraphOutput> trace(const Scope& s, Value image, const Json& json) {
  const VitConfig c = VitConfig::from_json(json);
  const Value x = vit_encoder(s, image, c);
  if (c.classes == 0) {  // timm's features are those that its joint classifier would read
    const Value features = c.dist_token ? scale(token(x, 0) + token(x, 1), 0.5F) : token(x, 0);
    return feature_outputs(features, x, c);
  }
  Value logits = classify_token(s / "head", x, 0, c.classes);
  if (c.dist_head) {  // section 4, "Classification with our approach: joint classifiers"
    logits = scale(logits + classify_token(s / "head_dist", x, 1, c.classes), 0.5F);
  }
  return {{"logits", logits.id}};
}

Shape image_shape(const Json& config) {
  return VitConfig::from_json(config).image_shape();
}

bool has_distillation_token(const Weights& weights) {
  return weights.find("dist_token") != nullptr;
}

Json configure(const Weights& weights, const Json& source) {
  return configure_vit(weights, source).to_json();
}

bool recognize(const Weights& weights, const Json& source) {
  if (const auto architecture = source.find("architecture")) {
    const std::string name = architecture->string();
    return name.starts_with("deit_") ||
           name.starts_with("vit_deit_");  // the latter is timm's old one
  }
  if (const auto type = source.find("model_type")) return type->string() == "deit";
  return has_distillation_token(weights);
}

}  // namespace

const Family kDeit = {.name = "deit",
                      .title = "DeiT, plain or distilled (arXiv:2012.12877)",
                      .task = Task::kClassification,
                      .trace = trace,
                      .image_shape = image_shape,
                      .configure = configure,
                      .recognize = recognize,
                      .config_parts = vit_config_parts,
                      .dialects = kVitDialects};

}  // namespace vitq
