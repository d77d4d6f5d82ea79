// SPDX-License-Identifier: Apache-2.0
// YOLOS: "You Only Look at One Sequence", arXiv:2106.00666. A ViT whose sequence holds detection
// tokens, each of which becomes one box. Weights carry timm's names where a ViT has them.
#include "yolos.h"

#include <array>

#include "blocks.h"
#include "config_read.h"
#include "schemas.h"
#include "vit.h"
#include "vitq/error.h"

namespace vitq {
namespace {

struct YolosConfig {
  VitConfig vit;               // of whole patches: what is left over of an image is not looked at
  std::int64_t queries = 100;  // detection tokens
  bool mid_positions = false;  // positions are added between the blocks, too

  static YolosConfig from_json(const Json& json);
  Json to_json() const;

  // Weights of positions are for the class token, the patches, and then the detection tokens.
  std::int64_t positions() const { return 1 + vit.patches() + queries; }
};

// Detection tokens come first here, so that their place does not depend on the image's size.
Value queries_first(Value positions, std::int64_t queries) {
  const std::int64_t all = positions.shape()[1];
  return concat(slice(positions, 1, all - queries, all), slice(positions, 1, 0, all - queries), 1);
}

std::vector<GraphOutput> trace(const Scope& s, Value image, const Json& json) {
  const YolosConfig c = YolosConfig::from_json(json);
  const int patch = static_cast<int>(c.vit.patch);
  const std::int64_t dim = c.vit.dim;
  const Value map = conv2d(s / "patch_embed" / "proj", image,
                           {.channels = dim, .kernel = patch, .stride = patch});
  const op::Resample grid = {.begin = 1,
                             .from_height = c.vit.image_height / c.vit.patch,
                             .from_width = c.vit.image_width / c.vit.patch,
                             .height = map.shape()[2],
                             .width = map.shape()[3]};
  Value x = concat(s.param("cls_token", {1, 1, dim}), to_tokens(map), 1);
  x = concat(s.param("det_tokens", {1, c.queries, dim}), x, 1);
  const Value start = resample(s.param("pos_embed", {1, c.positions(), dim}), grid);
  x = x + queries_first(start, c.queries);
  for (int i = 0; i < c.vit.depth; ++i) {
    x = vit_block(s / "blocks" / i, x, c.vit);
    if (!c.mid_positions || i + 1 == c.vit.depth) continue;
    const Shape between = {c.vit.depth - 1, 1, c.positions(), dim};
    const Value mid = slice(resample(s.param("mid_pos_embed", between), grid), 0, i, i + 1);
    x = x + queries_first(reshape(mid, start.shape()), c.queries);
  }
  x = layer_norm(s / "norm", slice(x, 1, 0, c.queries), c.vit.eps);
  const Value boxes = relu_layers(s / "bbox_embed", x, {3, 4});
  return {{"logits", relu_layers(s / "class_embed", x, {3, c.vit.classes + 1}).id},
          {"boxes", activate(boxes, Act::kSigmoid).id}};
}

Shape image_shape(const Json& config) {
  return YolosConfig::from_json(config).vit.image_shape();
}

YolosConfig YolosConfig::from_json(const Json& json) {
  YolosConfig c = {.vit = VitConfig::from_json(json)};
  c.queries = json.at("queries").integer(1, 10'000);
  c.mid_positions = json.at("mid_positions").boolean();
  if (c.vit.classes == 0) json.fail("a detector needs classes");
  return c;
}

Json YolosConfig::to_json() const {
  return vit.to_json().set("queries", queries).set("mid_positions", mid_positions);
}

// Reads [height, width], and counts whole patches only.
void read_image_size(const Json& size, VitConfig& vit) {
  const std::vector<Json> sides = size.items();
  if (sides.size() != 2) size.fail("expected [height, width]");
  vit.image_height = sides[0].integer(1, 8192) / vit.patch * vit.patch;
  vit.image_width = sides[1].integer(1, 8192) / vit.patch * vit.patch;
}

void require_sizes(const YolosConfig& c, const Weights& weights, const Json& source) {
  require_same(source, "hidden_size", c.vit.dim);
  require_same(source, "num_hidden_layers", c.vit.depth);
  require_same(source, "intermediate_size", c.vit.mlp);
  require_same(source, "num_detection_tokens", c.queries);
  require_same(source, "qkv_bias", c.vit.qkv_bias);
  require_same(source, "use_mid_position_embeddings", c.mid_positions);
  const auto patch = source.find("patch_size");
  if (patch && patch->is_number()) require_same(source, "patch_size", c.vit.patch);
  const std::int64_t found = shape_of(weights, "pos_embed", 3)[1];
  if (found == c.positions()) return;
  throw WeightError("pos_embed has " + std::to_string(found) + " positions, but a class token, " +
                    std::to_string(c.vit.patches()) + " patches of image_size and " +
                    std::to_string(c.queries) + " detection tokens need " +
                    std::to_string(c.positions()));
}

// Finds sizes in the weights' shapes, and the rest in transformers' config.json.
Json configure(const Weights& weights, const Json& source) {
  YolosConfig c;
  const Shape& patch = shape_of(weights, "patch_embed.proj.weight", 4);
  c.vit.dim = patch[0];
  c.vit.patch = patch[3];
  c.vit.depth = count_of(weights, "blocks.", ".norm1.weight");
  c.vit.mlp = shape_of(weights, "blocks.0.mlp.fc1.weight", 2)[0];
  c.vit.qkv_bias = weights.find("blocks.0.attn.qkv.bias") != nullptr;
  c.vit.classes = shape_of(weights, "class_embed.layers.2.weight", 2)[0] - 1;
  c.queries = shape_of(weights, "det_tokens", 3)[1];
  c.mid_positions = weights.find("mid_pos_embed") != nullptr;
  if (!source.contains("image_size")) {
    throw UnsupportedError("YOLOS needs its config.json, whose image_size says what positions are");
  }
  read_image_size(source.at("image_size"), c.vit);
  const auto heads = source.find("num_attention_heads");
  c.vit.heads = heads ? heads->integer(1, 64) : 12;
  const auto eps = source.find("layer_norm_eps");
  c.vit.eps = eps ? static_cast<float>(eps->number()) : 1e-12F;
  c.vit.act = read_act(source.find("hidden_act").value_or(Json()));
  require_sizes(c, weights, source);
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
    {"encoder.mid_position_embeddings", "mid_pos_embed"},
    {"encoder.interpolation.mid_position_embeddings", "mid_pos_embed"},
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

using enum ConfigKey::Use;

constexpr std::array kKeys = {
    ConfigKey{"model_type", kHonoured, {}, "names the family"},
    ConfigKey{"image_size", kHonoured, {}, "height and width that the positions are of"},
    ConfigKey{"num_attention_heads", kHonoured, {}, "12 if absent"},
    ConfigKey{"layer_norm_eps", kHonoured, {}, "1e-12 if absent"},
    ConfigKey{"hidden_act", kFixed, kActivations, "of the MLPs; gelu is the exact one"},
    ConfigKey{"id2label", kHonoured, {}, "the names of the classes"},
    ConfigKey{"patch_size", kHonoured, {}, kAsTensors},
    ConfigKey{"hidden_size", kHonoured, {}, kAsTensors},
    ConfigKey{"num_hidden_layers", kHonoured, {}, kAsTensors},
    ConfigKey{"intermediate_size", kHonoured, {}, kAsTensors},
    ConfigKey{"num_detection_tokens", kHonoured, {}, kAsTensors},
    ConfigKey{"use_mid_position_embeddings", kHonoured, {}, kAsTensors},
    ConfigKey{"qkv_bias", kHonoured, {}, kAsTensors},
    ConfigKey{"num_channels", kFixed, "[3]", "images are RGB"},
    ConfigKey{"hidden_dropout_prob", kNoEffect, {}, kOfTraining},
    ConfigKey{"attention_probs_dropout_prob", kNoEffect, {}, kOfTraining},
    ConfigKey{"auxiliary_loss", kNoEffect, {}, kOfTraining},
    ConfigKey{"class_cost", kNoEffect, {}, kOfTraining},
    ConfigKey{"bbox_cost", kNoEffect, {}, kOfTraining},
    ConfigKey{"giou_cost", kNoEffect, {}, kOfTraining},
    ConfigKey{"bbox_loss_coefficient", kNoEffect, {}, kOfTraining},
    ConfigKey{"giou_loss_coefficient", kNoEffect, {}, kOfTraining},
    ConfigKey{"eos_coefficient", kNoEffect, {}, kOfTraining},
};

std::vector<ConfigPart> config_parts(const Json& source) {
  if (source.members().empty()) return {};
  return {{source, {&kYolosSchema, &kTransformersSchema}}};
}

}  // namespace

constinit const ConfigSchema kYolosSchema = {"transformers, YolosConfig", kKeys};

const Family kYolos = {.name = "yolos",
                       .title = "YOLOS (arXiv:2106.00666)",
                       .task = Task::kDetection,
                       .trace = trace,
                       .image_shape = image_shape,
                       .configure = configure,
                       .recognize = recognize,
                       .config_parts = config_parts,
                       .dialects = kDialects,
                       .any_size = true,
                       .keep = "^bbox_embed\\."};  // a box is read to the pixel

}  // namespace vitq
