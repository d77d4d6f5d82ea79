// SPDX-License-Identifier: Apache-2.0
#include "recognize.h"

#include <algorithm>
#include <array>

#include "vitq/error.h"

namespace vitq {
namespace {

// A tensor whose name contains `part` shows that the network has something which no family has.
struct Foreign {
  std::string_view part;
  std::string_view what;
};

constexpr std::array kForeign = {
    Foreign{".ls1.gamma", "LayerScale, as DeiT III and DINOv2 have"},
    Foreign{".gamma_1", "LayerScale, as DeiT III, CaiT and BEiT have"},
    Foreign{".layer_scale1.", "LayerScale, as DINOv2 has"},
    Foreign{"reg_token", "register tokens"},
    Foreign{"register_tokens", "register tokens"},
    Foreign{"norm_pre.", "a norm before its blocks, as CLIP has"},
    Foreign{"pre_layrnorm.", "a norm before its blocks, as CLIP has"},
    Foreign{".q_norm.", "norms of queries and keys"},
    Foreign{"relative_position_bias_table", "relative positions, as BEiT and Swin have"},
    Foreign{"pre_logits.", "a layer before its classifier, as networks of ImageNet-21k had"},
    Foreign{"fc_norm.", "average pooling, whose norm follows it"},
    Foreign{"attn_pool.", "attention pooling"},
    Foreign{"patch_embed.backbone.", "a convolutional network before its blocks"},
    Foreign{".sampling_offsets.", "deformable attention"},
};

void refuse_foreign(const Checkpoint& source) {
  for (const auto& [name, tensor] : source.weights.tensors) {
    for (const Foreign& foreign : kForeign) {
      if (name.find(foreign.part) == std::string::npos) continue;
      throw UnsupportedError(source.path + ": the network has " + std::string(foreign.what) +
                             ", which is not supported (tensor " + name + ")");
    }
  }
}

// Says what config.json calls the network. It is empty where that says nothing.
std::string stated_name(const Json& config) {
  if (const auto name = config.find("architecture")) return "timm's '" + name->string() + "'";
  if (const auto type = config.find("model_type")) return "transformers' '" + type->string() + "'";
  return "";
}

std::string first_names(const Weights& weights) {
  constexpr std::size_t kShown = 3;
  std::string text;
  std::size_t count = 0;
  for (const auto& [name, tensor] : weights.tensors) {
    if (++count > kShown) return text + ", ...";
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

// Only what is named as by one of our families can be one of them.
[[noreturn]] void refuse_unknown(const Checkpoint& source, const std::string& archs) {
  const std::string stated = stated_name(source.config);
  if (!archs.empty()) {
    const std::string found = stated.empty() ? "" : "config.json says " + stated + "; ";
    throw UnsupportedError(source.path + ": the architecture was not recognized (" + found +
                           "the tensors are named as those of " + archs +
                           "); state it with --arch");
  }
  std::string known;
  for (const Family& family : families())
    known += (known.empty() ? "" : ", ") + std::string(family.name);
  const std::string found =
      stated.empty() ? "no network of a supported family" : stated + ", which is not supported";
  throw UnsupportedError(source.path + ": this is " + found + " (families: " + known +
                         "); its tensors are " + first_names(source.weights));
}

// A detector's features are no task.
void require_head(const Recognized& found, const std::string& path) {
  if (found.family->task != Task::kDetection) return;
  const std::string head = "class_embed.";
  const auto& tensors = found.renamed.weights.tensors;
  const auto first = tensors.lower_bound(head);
  if (first != tensors.end() && first->first.starts_with(head)) return;
  throw UnsupportedError(
      path + ": the network has no classifier (no tensor is " + head +
      "...), so it answers features; a checkpoint that names classes is expected");
}

}  // namespace

Recognized recognize(const Checkpoint& source, const std::string& arch) {
  refuse_foreign(source);
  std::string archs;
  if (!arch.empty()) {
    const Family& named = family(arch);
    return {&named, to_canonical_names(source.weights, named.dialects)};
  }
  for (const Family& candidate : families()) {
    if (!matches(source.weights, candidate.dialects)) continue;
    archs += (archs.empty() ? "" : " or ") + std::string(candidate.name);
    Recognized found = {&candidate, to_canonical_names(source.weights, candidate.dialects)};
    if (!candidate.recognize(found.renamed.weights, source.config)) continue;
    require_head(found, source.path);
    return found;
  }
  refuse_unknown(source, archs);
}

}  // namespace vitq
