// SPDX-License-Identifier: Apache-2.0
// Vision transformers that lack something or contradict themselves: one message says all of it.
#include <doctest/doctest.h>

#include "changed_checkpoints.h"

using namespace vitq;
using namespace vitq::test;

namespace {

Checkpoint lacking(const std::string& name, const std::vector<std::string>& parts) {
  Checkpoint source = checkpoint(name);
  const std::size_t before = source.weights.tensors.size();
  std::erase_if(source.weights.tensors, [&](const auto& each) {
    return std::ranges::any_of(
        parts, [&](const std::string& part) { return each.first.find(part) != std::string::npos; });
  });
  REQUIRE(source.weights.tensors.size() < before);
  return source;
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("tensors that are missing are all named at once") {
  const std::string text = refusal<WeightError>(
      lacking("timm_dinov2", {"cls_token", "norm.bias", "blocks.1.mlp.fc1.weight"}));
  for (const char* name : {"cls_token", "norm.bias", "blocks.1.mlp.fc1.weight"})
    CHECK_MESSAGE(says(text, std::string("missing: ") + name), text);
  const std::string outlines =
      refusal<WeightError>(lacking("timm_dinov2", {"pos_embed", "blocks.0."}));
  CHECK_MESSAGE(says(outlines, "missing: pos_embed"), outlines);
  CHECK_MESSAGE(says(outlines, "missing: blocks.0.norm1.weight"), outlines);
}

TEST_CASE("what only the name or the configuration tells is missed, too") {
  struct Case {
    const char* golden;
    const char* part;
    const char* says;
  };
  const Case all[] = {{"hf_dinov2_registers", "register_tokens", "missing: reg_token"},
                      {"timm_dinov2_registers", "reg_token", "missing: reg_token"},
                      {"hf_dinov2", "cls_token", "missing: cls_token"},
                      {"hf_dinov2_classes", "classifier.", "there is a classifier"},
                      {"timm_deit3", "head.", "there is a classifier"},
                      {"hf_clip_vision", "visual_projection", "there is a projection"},
                      {"hf_siglip_vision", "head.probe", "missing: attn_pool.latent"},
                      {"hf_clip_tower", "post_layernorm", "missing: norm.weight"},
                      {"timm_dinov2", "blocks.1.ls2.gamma", "missing: blocks.1.ls2.gamma"},
                      {"hf_dinov2", "1.layer_scale1", "missing: encoder.layer.1.layer_scale1"}};
  for (const Case& c : all) {
    const std::string text = refusal<WeightError>(lacking(c.golden, {c.part}));
    CHECK_MESSAGE(says(text, c.says), c.golden, ": ", text);
    CHECK_MESSAGE(says(text, "model.safetensors: "), text);
  }
}

TEST_CASE("a head of another width is misshaped") {
  Checkpoint source = checkpoint("hf_dinov2_classes");
  source.weights.tensors.at("classifier.weight") = Tensor({5, 16}, DType::kF32);
  const std::string text = refusal<WeightError>(source);
  CHECK_MESSAGE(says(text, "head.weight"), text);
  CHECK_MESSAGE(says(text, "[5, 32]"), text);
  CHECK_MESSAGE(says(text, "[5, 16]"), text);
}

TEST_CASE("all that config.json says against the tensors is named at once") {
  Checkpoint source = checkpoint("hf_dinov2");
  source.config.set("hidden_size", 32).set("num_hidden_layers", 12).set("patch_size", 14);
  const std::string text = refusal<FileError>(saying(source, source.config));
  for (const char* key : {"$.hidden_size", "$.num_hidden_layers", "$.patch_size"})
    CHECK_MESSAGE(says(text, key), text);
}

TEST_CASE("a text tower is told to be one") {
  for (const char* name : {"hf_clip", "hf_siglip"}) {
    const std::string text = refusal<UnsupportedError>(lacking(name, {"vision_model.", "visual_"}));
    CHECK_MESSAGE(says(text, "text tower"), text);
  }
}

TEST_CASE("architectures of timm that compute something else are refused by name") {
  struct Case {
    const char* architecture;
    const char* says;
  };
  const Case all[] = {{"vit_base_patch16_rpn_224", "norms after its layers"},
                      {"vit_small_patch16_rope_224", "rotary positions"},
                      {"vit_base_patch16_dinov3", "rotary positions"},
                      {"vit_base_patch16_xp_224", "parallel blocks"},
                      {"vit_dwee_patch16_reg1_gap_256", "differential attention"}};
  for (const Case& c : all) {
    const std::string text =
        refusal<UnsupportedError>(changed("timm_vit", "architecture", c.architecture));
    CHECK_MESSAGE(says(text, c.says), text);
    CHECK_MESSAGE(says(text, c.architecture), text);
  }
}
