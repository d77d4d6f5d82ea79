// SPDX-License-Identifier: Apache-2.0
// The canonical configuration of a vision transformer, as model files have it.
#include <algorithm>
#include <array>
#include <cmath>

#include "config_read.h"
#include "vit.h"

namespace vitq {
namespace {

constexpr std::int64_t kMaxLayers = 128;
constexpr std::int64_t kMaxClasses = 1'000'000;
constexpr std::int64_t kMaxPatch = 64;
constexpr std::int64_t kMaxWidth = 65536;
constexpr std::int64_t kMaxRegisters = 1024;

constexpr std::array<std::string_view, 3> kPositions = {"all", "class_and_patches", "patches"};
constexpr std::array<std::string_view, 3> kLastNorms = {"tokens", "pooled", "none"};
constexpr std::array<std::string_view, 5> kPools = {"class", "average", "first_tokens",
                                                    "class_and_average", "attention"};

template <typename Enum, std::size_t kCount>
std::string_view name_in(const std::array<std::string_view, kCount>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

// Reads one of `names` into `value`, if the key is there.
template <typename Enum, std::size_t kCount>
void read_name(const Json& json, std::string_view key,
               const std::array<std::string_view, kCount>& names, Enum& value) {
  const auto found = json.find(key);
  if (!found) return;
  const auto* name = std::ranges::find(names, found->string());
  if (name == names.end()) {
    std::string all;
    for (const std::string_view each : names) all += (all.empty() ? "" : ", ") + std::string(each);
    found->fail("found " + found->dump() + "; expected one of " + all);
  }
  value = static_cast<Enum>(name - names.begin());
}

void read_flag(const Json& json, std::string_view key, bool& value) {
  if (const auto found = json.find(key)) value = found->boolean();
}

// The keys that files from format 5 on have.
void read_variant(const Json& json, VitConfig& c) {
  read_flag(json, "class_token", c.class_token);
  if (const auto count = json.find("registers")) c.registers = count->integer(0, kMaxRegisters);
  read_name(json, "positions", kPositions, c.positions);
  read_flag(json, "patch_bias", c.patch_bias);
  read_flag(json, "pre_norm", c.pre_norm);
  read_flag(json, "qk_norm", c.qk_norm);
  read_flag(json, "gated_mlp", c.gated_mlp);
  read_name(json, "last_norm", kLastNorms, c.last_norm);
  read_name(json, "pool", kPools, c.pool);
  read_flag(json, "pooler", c.pooler);
  if (const auto width = json.find("projection")) c.projection = width->integer(0, kMaxWidth);
  read_flag(json, "head_bias", c.head_bias);
  read_flag(json, "unit_head", c.unit_head);
}

void require_consistent(const Json& json, const VitConfig& c) {
  if (c.image_height % c.patch != 0 || c.image_width % c.patch != 0) {
    json.fail("the patch does not divide the image");
  }
  if (c.dim % c.heads != 0) json.fail("the heads do not divide the width");
  if (!(c.eps > 0.0F) || !std::isfinite(c.eps)) json.fail("eps must be positive");
  if (c.dist_head && !c.dist_token) json.fail("a distillation head needs its token");
  const bool reads_class = c.pool == VitConfig::Pool::kClass ||
                           c.pool == VitConfig::Pool::kFirstTokens ||
                           c.pool == VitConfig::Pool::kClassAndAverage || c.dist_token ||
                           c.positions == VitConfig::Positions::kClassAndPatches;
  if (reads_class && !c.class_token) json.fail("the network needs a class token");
  if (c.pool == VitConfig::Pool::kFirstTokens && !c.dist_token)
    json.fail("the pooling needs two tokens");
  if (c.pooler && c.pooled() != c.dim) json.fail("a pooler reads one token");
}

}  // namespace

VitConfig VitConfig::from_json(const Json& json) {
  VitConfig c;
  c.image_height = json.at("image_height").integer(1, kMaxVitImage);
  c.image_width = json.at("image_width").integer(1, kMaxVitImage);
  c.patch = json.at("patch").integer(1, kMaxPatch);
  c.dim = json.at("dim").integer(1, kMaxWidth);
  c.depth = json.at("depth").integer(1, kMaxLayers);
  c.heads = json.at("heads").integer(1, kMaxVitHeads);
  c.mlp = json.at("mlp").integer(1, kMaxWidth);
  c.classes = json.at("classes").integer(0, kMaxClasses);
  c.eps = static_cast<float>(json.at("eps").number());
  c.act = read_act(json.find("act").value_or(Json()));  // there from format 4 on
  c.qkv_bias = json.at("qkv_bias").boolean();
  c.dist_token = json.at("dist_token").boolean();
  c.dist_head = json.at("dist_head").boolean();
  read_variant(json, c);
  require_consistent(json, c);
  return c;
}

Json VitConfig::to_json() const {
  Json json = Json::object();
  json.set("image_height", image_height).set("image_width", image_width).set("patch", patch);
  json.set("dim", dim).set("depth", depth).set("heads", heads).set("mlp", mlp);
  json.set("classes", classes).set("eps", static_cast<double>(eps)).set("act", name_of(act));
  json.set("qkv_bias", qkv_bias).set("dist_token", dist_token).set("dist_head", dist_head);
  json.set("class_token", class_token).set("registers", registers);
  json.set("positions", name_in(kPositions, positions)).set("patch_bias", patch_bias);
  json.set("pre_norm", pre_norm).set("qk_norm", qk_norm).set("gated_mlp", gated_mlp);
  json.set("last_norm", name_in(kLastNorms, last_norm)).set("pool", name_in(kPools, pool));
  json.set("pooler", pooler).set("projection", projection).set("head_bias", head_bias);
  json.set("unit_head", unit_head);
  return json;
}

}  // namespace vitq
