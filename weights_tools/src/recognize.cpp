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
    Foreign{".lambda_1", "relative positions, as BEiT has"},
    Foreign{"relative_position_bias_table", "relative positions, as BEiT and Swin have"},
    Foreign{"rel_pos", "relative positions"},
    Foreign{".attns.0.", "parallel blocks"},
    Foreign{".in_proj.", "parallel blocks"},
    Foreign{".lambda_q1", "differential attention"},
    Foreign{".attn.norm.", "norms inside of its attention"},
    Foreign{".mlp.norm.", "norms inside of its MLPs"},
    Foreign{"patch_embed.norm.", "a norm of its patches"},
    Foreign{".fc1_g.", "gates that are layers of their own"},
    Foreign{"pre_logits.", "a layer before its classifier, as networks of ImageNet-21k had"},
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

bool has_text_tower(const Weights& weights) {
  return std::ranges::any_of(weights.tensors, [](const auto& each) {
    return each.first.find("text_model.") != std::string::npos;
  });
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
  if (has_text_tower(source.weights)) {
    throw UnsupportedError(source.path +
                           ": this is the text tower of a CLIP or SigLIP; an image tower is "
                           "expected, alone or beside it");
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
