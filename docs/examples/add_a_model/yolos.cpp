// SPDX-License-Identifier: Apache-2.0
// YOLOS: "You Only Look at One Sequence", arXiv:2106.00666. A ViT whose sequence ends in detection
// tokens, each of which becomes one box. Weights carry timm's names where a ViT has them.
#include "yolos.h"

#include "blocks.h"
#include "vitq/error.h"

namespace vitq {
namespace {

struct YolosConfig {
  std::int64_t image_height = 800, image_width = 1333;
  std::int64_t patch = 16;
  std::int64_t dim = 192;
  std::int64_t depth = 12;
  std::int64_t heads = 3;
  std::int64_t mlp = 768;
  std::int64_t queries = 100;  // detection tokens
  std::int64_t classes = 91;   // without "no object"
  float eps = 1e-12F;          // of the layer norms

  static YolosConfig from_json(const Json& json);
  Json to_json() const;
};

Value block(const Scope& s, Value x, const YolosConfig& c) {
  x = x + self_attention(s / "attn", layer_norm(s / "norm1", x, c.eps), c.heads, Bias::kYes);
  return x + mlp(s / "mlp", layer_norm(s / "norm2", x, c.eps), c.mlp, Act::kGelu);
}

// The heads of section 3.1 have three layers each.
Value head(const Scope& s, Value x, std::int64_t outputs) {
  const std::int64_t dim = x.shape()[-1];
  for (const int layer : {0, 1}) x = activate(linear(s / "layers" / layer, x, dim), Act::kRelu);
  return linear(s / "layers" / 2, x, outputs);
}

std::vector<GraphOutput> trace(const Scope& s, Value image, const Json& json) {
  const YolosConfig c = YolosConfig::from_json(json);
  const int patch = static_cast<int>(c.patch);
  Value x = conv2d(s / "patch_embed" / "proj", image,
                   {.channels = c.dim, .kernel = patch, .stride = patch});
  const Shape& map = x.shape();  // [N, dim, h, w]
  x = permute(reshape(x, {map[0], map[1], map[2] * map[3]}), {0, 2, 1});
  x = concat(s.param("cls_token", {1, 1, c.dim}), x, 1);
  x = concat(x, s.param("det_tokens", {1, c.queries, c.dim}), 1);
  x = x + s.param("pos_embed", {1, x.shape()[1], c.dim});
  for (int i = 0; i < c.depth; ++i) x = block(s / "blocks" / i, x, c);
  x = layer_norm(s / "norm", x, c.eps);
  const std::int64_t tokens = x.shape()[1];
  x = slice(x, 1, tokens - c.queries, tokens);
  return {{"logits", head(s / "class_embed", x, c.classes + 1).id},
          {"boxes", activate(head(s / "bbox_embed", x, 4), Act::kSigmoid).id}};
}

Shape image_shape(const Json& config) {
  const YolosConfig c = YolosConfig::from_json(config);
  return {3, c.image_height, c.image_width};
}

YolosConfig YolosConfig::from_json(const Json& json) {
  YolosConfig c;
  c.image_height = json.at("image_height").integer(1, 8192);
  c.image_width = json.at("image_width").integer(1, 8192);
  c.patch = json.at("patch").integer(1, 64);
  c.dim = json.at("dim").integer(1, 65536);
  c.depth = json.at("depth").integer(1, 128);
  c.heads = json.at("heads").integer(1, 64);
  c.mlp = json.at("mlp").integer(1, 65536);
  c.queries = json.at("queries").integer(1, 10'000);
  c.classes = json.at("classes").integer(1, 1'000'000);
  c.eps = static_cast<float>(json.at("eps").number());
  if (c.dim % c.heads != 0) json.fail("the heads do not divide the width");
  return c;
}

Json YolosConfig::to_json() const {
  Json json = Json::object();
  json.set("image_height", image_height).set("image_width", image_width).set("patch", patch);
  json.set("dim", dim).set("depth", depth).set("heads", heads).set("mlp", mlp);
  json.set("queries", queries).set("classes", classes).set("eps", static_cast<double>(eps));
  return json;
}

// Sizes from the weights' shapes, the rest from transformers' config.json.
Json configure(const Weights& weights, const Json& source) {
  const auto mid = source.find("use_mid_position_embeddings");
  if (mid && mid->boolean()) {
    throw UnsupportedError(mid->place() + ": positions between the blocks are not supported");
  }
  YolosConfig c;
  const std::vector<Json> size = source.at("image_size").items();
  if (size.size() != 2) source.at("image_size").fail("expected [height, width]");
  c.image_height = size[0].integer(1, 8192);
  c.image_width = size[1].integer(1, 8192);
  c.heads = source.at("num_attention_heads").integer(1, 64);
  c.eps = static_cast<float>(source.at("layer_norm_eps").number());
  c.dim = weights.at("patch_embed.proj.weight").shape()[0];
  c.patch = weights.at("patch_embed.proj.weight").shape()[-1];
  c.mlp = weights.at("blocks.0.mlp.fc1.weight").shape()[0];
  c.queries = weights.at("det_tokens").shape()[1];
  c.classes = weights.at("class_embed.layers.2.weight").shape()[0] - 1;
  for (c.depth = 1; weights.find("blocks." + std::to_string(c.depth) + ".norm1.bias") != nullptr;)
    ++c.depth;
  return YolosConfig::from_json(c.to_json()).to_json();
}

bool recognize(const Weights& weights, const Json& source) {
  if (const auto type = source.find("model_type")) return type->string() == "yolos";
  return weights.find("det_tokens") != nullptr;
}

constexpr std::string_view kPrefixes[] = {"vit."};

constexpr Rename kRenames[] = {
    {"embeddings.cls_token", "cls_token"},
    {"embeddings.detection_tokens", "det_tokens"},
    {"embeddings.position_embeddings", "pos_embed"},
    {"embeddings.patch_embeddings.projection.*", "patch_embed.proj.*"},
    {"encoder.layer.*.attention.output.dense.*", "blocks.*.attn.proj.*"},
    {"encoder.layer.*.intermediate.dense.*", "blocks.*.mlp.fc1.*"},
    {"encoder.layer.*.output.dense.*", "blocks.*.mlp.fc2.*"},
    {"encoder.layer.*.layernorm_before.*", "blocks.*.norm1.*"},
    {"encoder.layer.*.layernorm_after.*", "blocks.*.norm2.*"},
    {"layernorm.*", "norm.*"},
    {"class_labels_classifier.*.*.*", "class_embed.*.*.*"},
    {"bbox_predictor.*.*.*", "bbox_embed.*.*.*"},
};

constexpr Join kJoins[] = {
    {{"encoder.layer.*.attention.attention.query.*", "encoder.layer.*.attention.attention.key.*",
      "encoder.layer.*.attention.attention.value.*"},
     "blocks.*.attn.qkv.*"},
};

constexpr Dialect kDialects[] = {{.name = "Hugging Face",
                                  .mark = "embeddings.detection_tokens",
                                  .strip = kPrefixes,
                                  .renames = kRenames,
                                  .joins = kJoins,
                                  .ignore = {}}};

}  // namespace

const Family kYolos = {.name = "yolos",
                       .title = "YOLOS (arXiv:2106.00666)",
                       .task = Task::kDetection,
                       .trace = trace,
                       .image_shape = image_shape,
                       .configure = configure,
                       .recognize = recognize,
                       .dialects = kDialects,
                       .keep = "^bbox_embed\\."};  // a box is read to the pixel

}  // namespace vitq
