// SPDX-License-Identifier: Apache-2.0
#include "vit_origin.h"

#include <algorithm>
#include <array>

#include "config_read.h"
#include "vitq/error.h"
#include "vitq/preprocess.h"

namespace vitq {
namespace {

using Pool = VitConfig::Pool;

// Reads a size: one number, [height, width] or [3, height, width].
ImageSize read_size(const Json& json) {
  if (!json.is_array()) {
    const std::int64_t side = json.integer(1, kMaxVitImage);
    return {.width = side, .height = side};
  }
  const std::vector<Json> items = json.items();
  if (items.size() < 2 || items.size() > 3)
    json.fail("expected [height, width] or [3, height, width]");
  return {.width = items.back().integer(1, kMaxVitImage),
          .height = items[items.size() - 2].integer(1, kMaxVitImage)};
}

// The classes of transformers, and what their configurations say where a file does not.
struct Type {
  std::string_view name;
  float eps;
  Act act;
};
constexpr std::array kTypes = {
    Type{"vit", 1e-12F, Act::kGelu},
    Type{"deit", 1e-12F, Act::kGelu},
    Type{"ijepa", 1e-12F, Act::kGelu},
    Type{"dinov2", 1e-6F, Act::kGelu},
    Type{"dinov2_with_registers", 1e-6F, Act::kGelu},
    Type{"clip", 1e-5F, Act::kQuickGelu},
    Type{"clip_vision_model", 1e-5F, Act::kQuickGelu},
    Type{"siglip", 1e-6F, Act::kGeluTanh},
    Type{"siglip_vision_model", 1e-6F, Act::kGeluTanh},
};

const Type* type_named(std::string_view name) {
  const auto* found = std::ranges::find(kTypes, name, &Type::name);
  return found == kTypes.end() ? nullptr : found;
}

bool architecture_says(const Json& source, std::string_view part) {
  const auto names = source.find("architectures");
  if (!names || !names->is_array()) return false;
  return std::ranges::any_of(names->items(), [&](const Json& name) {
    return name.is_string() && name.string().find(part) != std::string::npos;
  });
}

// An option states them as transformers does, whatever the file is.
std::optional<std::int64_t> stated_heads(const Json& source, const Json& keys) {
  constexpr std::string_view kKey = "num_attention_heads";
  for (const auto& heads : {source.find(kKey), keys.find(kKey), keys.find("num_heads")}) {
    if (heads) return heads->integer(1, kMaxVitHeads);
  }
  return std::nullopt;
}

VitOrigin of_transformers(const Json& source, const std::string& name) {
  constexpr std::int64_t kHeads = 12;
  constexpr std::int64_t kRegisters = 4;
  const Json keys = source.find("vision_config").value_or(source);
  VitOrigin o = {.transformers = true, .name = name, .keys = keys};
  const Type* type = type_named(name);
  const auto act = keys.find("hidden_act");
  o.eps = type == nullptr ? 1e-12F : type->eps;
  o.act = act ? read_act(*act) : type == nullptr ? Act::kGelu : type->act;
  if (const auto eps = keys.find("layer_norm_eps")) o.eps = static_cast<float>(eps->number());
  if (const auto size = keys.find("image_size")) o.image = read_size(*size);
  o.heads = stated_heads(source, keys).value_or(kHeads);
  if (name == "dinov2_with_registers") {
    const auto count = keys.find("num_register_tokens");
    o.registers = count ? count->integer(0, kMaxVitImage) : kRegisters;
  }
  const auto map_head = keys.find("vision_use_head");
  if (name.starts_with("siglip"))
    o.pool = !map_head || map_head->boolean() ? Pool::kAttention : Pool::kAverage;
  if (name == "ijepa") o.pool = Pool::kAverage;
  o.classifier = architecture_says(source, "ForImageClassification");
  o.projection =
      architecture_says(source, "WithProjection") || architecture_says(source, "CLIPModel");
  const bool antialiased = name == "dinov2_with_registers";
  o.resampling = antialiased ? Resampling::kAntialiased : Resampling::kBicubic;
  return o;
}

// Arguments that timm's functions of these names have, and no file states.
Act act_of_timm(const VitOrigin& o) {
  if (o.named("quickgelu")) return Act::kQuickGelu;
  const bool later = o.named("patch32") || o.named("giantopt") || o.named("so400m_patch16") ||
                     (o.named("large_patch16") && o.name.ends_with("512"));
  return o.named("siglip") && later ? Act::kGeluTanh : Act::kGelu;
}

// The number in "_reg4_".
std::optional<std::int64_t> registers_of_timm(std::string_view name) {
  const std::size_t at = name.find("_reg");
  if (at == std::string_view::npos || at + 4 >= name.size()) return std::nullopt;
  const char digit = name[at + 4];
  return digit >= '0' && digit <= '9' ? std::optional<std::int64_t>(digit - '0') : std::nullopt;
}

std::optional<Pool> pool_of_timm(const VitOrigin& o, const Json& source) {
  for (const auto& stated : {o.keys.find("global_pool"), source.find("global_pool")}) {
    if (!stated || stated->string().empty()) continue;
    const std::string name = stated->string();
    if (name == "token") return Pool::kClass;
    if (name == "avg") return Pool::kAverage;
    if (name == "map") return Pool::kAttention;
    throw UnsupportedError(stated->place() + ": pooling '" + name +
                           "'; token, avg and map are supported");
  }
  if (o.named("_gap_")) return Pool::kAverage;
  if (o.named("siglip") || o.named("_map_")) return Pool::kAttention;
  return std::nullopt;
}

VitOrigin of_timm(const Json& source) {
  VitOrigin o;
  o.keys = source.find("model_args").value_or(Json::object());
  if (const auto name = source.find("architecture")) o.name = name->string();
  o.eps = o.named("_clip_") ? 1e-5F : 1e-6F;
  const auto act = o.keys.find("act_layer");
  o.act = act && !act->string().empty() ? read_act(*act) : act_of_timm(o);
  const Json pretrained = source.find("pretrained_cfg").value_or(source);
  for (const auto& size : {o.keys.find("img_size"), pretrained.find("input_size")}) {
    if (size && !o.image) o.image = read_size(*size);
  }
  o.heads = stated_heads(source, o.keys);
  const auto registers = o.keys.find("reg_tokens");
  o.registers = registers ? registers->integer(0, kMaxVitImage) : registers_of_timm(o.name);
  o.pool = pool_of_timm(o, source);
  const auto final_norm = o.keys.find("final_norm");
  o.no_norm = final_norm ? !final_norm->boolean() : o.named("_radio_") || o.named("intern300m");
  const auto classes = source.find("num_classes");
  o.classifier = classes && classes->is_number() && classes->number() > 0;
  return o;
}

// Networks whose names begin as ours, and which compute something else from tensors that may look
// the same.
struct Other {
  std::string_view part;
  std::string_view what;
};
constexpr std::array kOthers = {
    Other{"_rpn_", "norms after its layers"},  Other{"_rope", "rotary positions"},
    Other{"dinov3", "rotary positions"},       Other{"vit_pe_", "rotary positions"},
    Other{"relpos_", "relative positions"},    Other{"_xp_", "parallel blocks"},
    Other{"18x2", "parallel blocks"},          Other{"pwee_", "parallel blocks"},
    Other{"dwee_", "differential attention"},  Other{"dlittle_", "differential attention"},
    Other{"beit3", "norms inside its layers"},
};

void refuse_others(const Json& source, const std::string& name) {
  for (const Other& other : kOthers) {
    if (name.find(other.part) == std::string::npos) continue;
    throw UnsupportedError(source.at("architecture").place() + ": '" + name + "' has " +
                           std::string(other.what) + ", which is not supported");
  }
}

}  // namespace

VitOrigin vit_origin(const Json& source) {
  if (is_timm_config(source)) {
    VitOrigin o = of_timm(source);
    refuse_others(source, o.name);
    return o;
  }
  const auto type = source.find("model_type");
  if (type) return of_transformers(source, type->string());
  // Facebook's checkpoints are named as timm's, but some say a few things as transformers does.
  VitOrigin o = of_timm(source);
  o.keys = source;
  if (const auto size = source.find("image_size")) o.image = read_size(*size);
  if (const auto eps = source.find("layer_norm_eps")) o.eps = static_cast<float>(eps->number());
  if (const auto act = source.find("hidden_act")) o.act = read_act(*act);
  return o;
}

bool is_timm_vit(std::string_view architecture) {
  constexpr std::array<std::string_view, 4> kArchitectures = {"vit_", "deit3_", "flexivit_",
                                                              "eva_large_patch14_"};
  return std::ranges::any_of(
      kArchitectures, [&](std::string_view prefix) { return architecture.starts_with(prefix); });
}

bool is_transformers_vit(std::string_view model_type) {
  return type_named(model_type) != nullptr && model_type != "deit";
}

}  // namespace vitq
