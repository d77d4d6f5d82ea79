// SPDX-License-Identifier: Apache-2.0
// This file has the canonical configuration of a vision transformer, and finds it out from the
// shapes and the config.json of a checkpoint.
#include <cmath>
#include <optional>

#include "config_read.h"
#include "vit.h"
#include "vitq/error.h"
#include "vitq/preprocess.h"

namespace vitq {
namespace {

constexpr std::int64_t kMaxLayers = 128;
constexpr std::int64_t kMaxHeads = 64;
constexpr std::int64_t kMaxClasses = 1'000'000;
constexpr std::int64_t kMaxPatch = 64;
constexpr std::int64_t kMaxImage = 8192;
constexpr std::int64_t kMaxWidth = 65536;

// Heads of the published sizes have 64 channels each, up to ViT-L, and more above.
std::int64_t usual_heads(std::int64_t dim) {
  return dim >= 1280 ? 16 : dim / 64;
}

std::int64_t depth_of(const Weights& weights) {
  std::int64_t depth = 0;
  while (weights.find("blocks." + std::to_string(depth) + ".norm1.weight") != nullptr) ++depth;
  return depth;
}

struct Size {
  std::int64_t height, width;
};

// Reads a size: one number, [height, width] or [3, height, width].
Size read_size(const Json& json) {
  if (!json.is_array()) {
    const std::int64_t side = json.integer(1, kMaxImage);
    return {side, side};
  }
  const std::vector<Json> items = json.items();
  if (items.size() < 2 || items.size() > 3)
    json.fail("expected [height, width] or [3, height, width]");
  return {items[items.size() - 2].integer(1, kMaxImage), items.back().integer(1, kMaxImage)};
}

// What timm's create_model() is told. An old flat config.json has no such arguments.
Json arguments_of(const Json& source) {
  return source.find("model_args").value_or(Json::object());
}

std::optional<Size> stated_image_size(const Json& source) {
  if (!is_timm_config(source)) {
    const auto size = source.find("image_size");
    return size ? std::optional(read_size(*size)) : std::nullopt;
  }
  if (const auto size = arguments_of(source).find("img_size")) return read_size(*size);
  const Json pretrained = source.find("pretrained_cfg").value_or(source);
  const auto size = pretrained.find("input_size");
  return size ? std::optional(read_size(*size)) : std::nullopt;
}

std::int64_t heads_of(const Json& source, std::int64_t dim) {
  if (const auto heads = source.find("num_attention_heads")) return heads->integer(1, kMaxHeads);
  if (const auto heads = arguments_of(source).find("num_heads"))
    return heads->integer(1, kMaxHeads);
  constexpr std::int64_t kHuggingFace = 12;
  const bool of_transformers = source.contains("model_type") && !is_timm_config(source);
  return of_transformers ? kHuggingFace : usual_heads(dim);
}

float stated_eps(const Json& source) {
  if (is_timm_config(source)) return 1e-6F;
  if (const auto eps = source.find("layer_norm_eps")) return static_cast<float>(eps->number());
  // transformers' ViTConfig has the one default, Facebook's DeiT has the other.
  return source.contains("model_type") ? 1e-12F : 1e-6F;
}

Act stated_act(const Json& source) {
  if (is_timm_config(source))
    return read_act(arguments_of(source).find("act_layer").value_or(Json()));
  return read_act(source.find("hidden_act").value_or(Json()));
}

// What config.json says of the tensors must be so.
void require_sizes(const VitConfig& c, const Json& source) {
  require_same(source, "hidden_size", c.dim);
  require_same(source, "num_hidden_layers", c.depth);
  require_same(source, "intermediate_size", c.mlp);
  require_same(source, "qkv_bias", c.qkv_bias);
  const Json arguments = arguments_of(source);
  require_same(arguments, "embed_dim", c.dim);
  require_same(arguments, "depth", c.depth);
  require_same(arguments, "qkv_bias", c.qkv_bias);
  for (const auto& patch : {source.find("patch_size"), arguments.find("patch_size")}) {
    if (!patch) continue;
    const Size size = read_size(*patch);
    if (size.height != c.patch || size.width != c.patch) {
      patch->fail("found " + patch->dump() + ", but the tensors say " + std::to_string(c.patch));
    }
  }
}

Size image_size(const VitConfig& config, std::int64_t patches, const Json& source) {
  if (const std::optional<Size> stated = stated_image_size(source)) return *stated;
  const auto side =
      static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(patches))));
  if (side * side != patches) {
    throw WeightError(
        "pos_embed has " + std::to_string(patches) +
        " patches, which are no square: the image size must be stated in config.json");
  }
  return {side * config.patch, side * config.patch};
}

}  // namespace

VitConfig configure_vit(const Weights& weights, const Json& source) {
  const Shape& patch = shape_of(weights, "patch_embed.proj.weight", 4);
  VitConfig c;
  c.dim = patch[0];
  c.patch = patch[2];
  c.depth = depth_of(weights);
  if (c.depth == 0) throw WeightError("missing: blocks.0.norm1.weight: no encoder block was found");
  c.mlp = shape_of(weights, "blocks.0.mlp.fc1.weight", 2)[0];
  const bool head = weights.find("head.weight") != nullptr;
  c.classes = head ? shape_of(weights, "head.weight", 2)[0] : 0;
  c.dist_token = weights.find("dist_token") != nullptr;
  c.dist_head = weights.find("head_dist.weight") != nullptr;
  c.qkv_bias = weights.find("blocks.0.attn.qkv.bias") != nullptr;
  c.heads = heads_of(source, c.dim);
  c.eps = stated_eps(source);
  c.act = stated_act(source);
  require_sizes(c, source);
  const std::int64_t patches = shape_of(weights, "pos_embed", 3)[1] - (c.dist_token ? 2 : 1);
  const Size image = image_size(c, patches, source);
  c.image_height = image.height;
  c.image_width = image.width;
  if (c.patches() != patches) {
    throw WeightError("pos_embed has " + std::to_string(patches) + " patches, but an image of " +
                      std::to_string(image.height) + " x " + std::to_string(image.width) + " has " +
                      std::to_string(c.patches()));
  }
  return VitConfig::from_json(c.to_json());
}

VitConfig VitConfig::from_json(const Json& json) {
  VitConfig c;
  c.image_height = json.at("image_height").integer(1, kMaxImage);
  c.image_width = json.at("image_width").integer(1, kMaxImage);
  c.patch = json.at("patch").integer(1, kMaxPatch);
  c.dim = json.at("dim").integer(1, kMaxWidth);
  c.depth = json.at("depth").integer(1, kMaxLayers);
  c.heads = json.at("heads").integer(1, kMaxHeads);
  c.mlp = json.at("mlp").integer(1, kMaxWidth);
  c.classes = json.at("classes").integer(0, kMaxClasses);
  c.eps = static_cast<float>(json.at("eps").number());
  c.act = read_act(json.find("act").value_or(Json()));  // there from format 4 on
  c.qkv_bias = json.at("qkv_bias").boolean();
  c.dist_token = json.at("dist_token").boolean();
  c.dist_head = json.at("dist_head").boolean();
  if (c.image_height % c.patch != 0 || c.image_width % c.patch != 0) {
    json.fail("the patch does not divide the image");
  }
  if (c.dim % c.heads != 0) json.fail("the heads do not divide the width");
  if (!(c.eps > 0.0F) || !std::isfinite(c.eps)) json.fail("eps must be positive");
  if (c.dist_head && !c.dist_token) json.fail("a distillation head needs its token");
  return c;
}

Json VitConfig::to_json() const {
  Json json = Json::object();
  json.set("image_height", image_height).set("image_width", image_width).set("patch", patch);
  json.set("dim", dim).set("depth", depth).set("heads", heads).set("mlp", mlp);
  json.set("classes", classes).set("eps", static_cast<double>(eps)).set("act", name_of(act));
  json.set("qkv_bias", qkv_bias).set("dist_token", dist_token).set("dist_head", dist_head);
  return json;
}

}  // namespace vitq
