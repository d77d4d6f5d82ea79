// SPDX-License-Identifier: Apache-2.0
// What a checkpoint is, whatever it is wrapped in; and what is said of those that are none of ours.
#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <string>

#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/family.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

Checkpoint golden(const char* name) {
  return read_checkpoint(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name);
}

using Naming = std::function<std::string(const std::string&)>;

Checkpoint renamed(Checkpoint source, const Naming& name) {
  Weights weights;
  for (const auto& [old, tensor] : source.weights.tensors) weights.tensors[name(old)] = tensor;
  source.weights = std::move(weights);
  return source;
}

Checkpoint prefixed(const char* name, const std::string& prefix) {
  return renamed(golden(name), [&](const std::string& old) { return prefix + old; });
}

Checkpoint with_tensor(const char* name, const std::string& tensor) {
  Checkpoint source = golden(name);
  source.weights.tensors[tensor] = Tensor({24}, DType::kF32);
  return source;
}

std::string refusal(const Checkpoint& source) {
  try {
    convert(source, {});
  } catch (const UnsupportedError& error) {
    return error.what();
  }
  return "nothing was refused";
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what programs wrap networks in comes off, in any order and number") {
  const auto names_of = [](const Converted& made) {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : made.weights.tensors) names.push_back(name);
    return names;
  };
  for (const char* name : {"timm_vit", "hf_vit", "hf_deit_teacher_v5", "hf_detr"}) {
    const auto wanted = names_of(convert(golden(name), {}));
    for (const char* prefix :
         {"_orig_mod.", "module.", "timm_model.", "model.module.", "module._orig_mod.model.",
          "net._fsdp_wrapped_module.", "module.module._orig_mod.module."}) {
      CAPTURE(name);
      CAPTURE(prefix);
      CHECK(names_of(convert(prefixed(name, prefix), {})) == wanted);
    }
  }
  const Checkpoint compiled = renamed(golden("timm_vit"), [](std::string old) {
    if (old.starts_with("blocks.0.")) old.insert(9, "_orig_mod.");
    return old;
  });
  CHECK(names_of(convert(compiled, {})) == names_of(convert(golden("timm_vit"), {})));
}

TEST_CASE("transformers' wrapper of a timm model is the model") {
  Checkpoint wrapped = prefixed("timm_vit", "timm_model.");
  wrapped.config.set("model_type", "timm_wrapper").set("do_pooling", true);
  wrapped.config.set("architectures", Json::array()).set("problem_type", "regression");
  const Converted made = convert(wrapped, {});
  const ModelInfo plain = convert(golden("timm_vit"), {}).info;
  CHECK(made.info.config.dump() == plain.config.dump());
  CHECK(made.info.preprocess == plain.preprocess);
  CHECK(made.info.scores == Scores::kRaw);
  CHECK(made.unknown_keys.empty());
}

TEST_CASE("averages of weights and what losses hold are left out and listed") {
  for (const char* extra : {"model_ema.head.weight", "criterion.empty_weight", "n_averaged",
                            "module.loss_fn.weight", "ema_model.module.head.bias"}) {
    CAPTURE(extra);
    const Converted made = convert(with_tensor("timm_vit", extra), {});
    REQUIRE(made.ignored.size() == 1);
    CHECK(std::string(extra).ends_with(made.ignored[0]));
  }
}

TEST_CASE("a panoptic network is taken for its boxes") {
  for (const char* name : {"hf_detr", "hf_detr_timm", "fb_detr"}) {
    Checkpoint source =
        fs::exists(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name / "config.json")
            ? prefixed(name, "detr.")
            : renamed(read_checkpoint(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name /
                                      "model.safetensors"),
                      [](const std::string& old) { return "detr." + old; });
    for (const char* head :
         {"mask_head.lay1.weight", "mask_head.conv1.conv.bias",
          "mask_head.fpn_stages.0.refine.norm.weight", "bbox_attention.q_linear.weight"}) {
      source.weights.tensors[head] = Tensor({8}, DType::kF32);
    }
    CAPTURE(name);
    CHECK(convert(source, {}).ignored.size() >= 4);
  }
}

TEST_CASE("what no family has is named with its tensor, and no option is advised") {
  struct Case {
    const char* tensor;
    const char* says;
  };
  const Case all[] = {{"blocks.0.attn.norm.weight", "norms inside"},
                      {"blocks.0.mlp.norm.weight", "norms inside"},
                      {"blocks.0.attns.0.qkv.weight", "parallel blocks"},
                      {"blocks.1.in_proj.weight", "parallel blocks"},
                      {"blocks.0.attn.relative_position_bias_table", "BEiT"},
                      {"pre_logits.fc.weight", "ImageNet-21k"}};
  for (const Case& c : all) {
    const std::string text = refusal(with_tensor("timm_vit", c.tensor));
    CHECK_MESSAGE((says(text, c.says) && says(text, c.tensor)), text);
    CHECK_MESSAGE(!says(text, "--arch"), text);
  }
}

TEST_CASE("--arch is advised where it helps") {
  Checkpoint mine = golden("timm_vit");
  mine.config.set("architecture", "my_network");
  const std::string text = refusal(mine);
  CHECK_MESSAGE((says(text, "timm's 'my_network'") && says(text, "--arch")), text);
  ConvertOptions options;
  options.arch = "vit";
  CHECK_NOTHROW((void)convert(mine, options));
}

TEST_CASE("other networks are named as their config.json does, and by their tensors") {
  Checkpoint other;
  other.path = "model.safetensors";
  for (const char* name : {"stem.conv.weight", "stem.norm.weight", "stages.0.weight", "x.weight"})
    other.weights.tensors[name] = Tensor({4}, DType::kF32);
  const std::string bare = refusal(other);
  CHECK_MESSAGE(says(bare, "stages.0.weight, stem.conv.weight, stem.norm.weight, ..."), bare);
  other.config.set("model_type", "convnext");
  const std::string named = refusal(other);
  CHECK_MESSAGE((says(named, "transformers' 'convnext'") &&
                 says(named, "deit, yolos, vit, conditional_detr, detr")),
                named);
  CHECK_MESSAGE(!says(bare + named, "--arch"), named);
}

TEST_CASE("a network without a classifier answers features") {
  Checkpoint features = golden("hf_vit");
  features.weights.tensors.erase("classifier.weight");
  features.weights.tensors.erase("classifier.bias");
  CHECK_THROWS_WITH_AS((void)convert(features, {}), doctest::Contains("there is a classifier"),
                       WeightError);
  features.config.set("architectures", Json::array(std::vector<std::string>{"ViTModel"}));
  const ModelInfo info = convert(features, {}).info;
  CHECK(task_of(info) == Task::kFeatures);
  CHECK(class_count(info) == 0);
}

TEST_CASE("a detector without its head is refused") {
  Checkpoint features = golden("hf_detr");
  std::erase_if(features.weights.tensors,
                [](const auto& each) { return each.first.starts_with("class_labels_class"); });
  CHECK(says(refusal(features), "no classifier"));
}

TEST_CASE("torchvision states no preprocessing, so it must be stated") {
  const fs::path file = fs::path(VITQ_TEST_FILES) / "golden" / "models" / "tv_vit";
  const std::string text = refusal(read_checkpoint(file / "model.safetensors"));
  CHECK_MESSAGE((says(text, "torchvision") && says(text, "--preprocessor")), text);
}

TEST_CASE("files that are no safetensors are named for what they are") {
  struct Case {
    std::string bytes;
    const char* says;
  };
  const Case all[] = {
      {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 474000\n", "git lfs pull"},
      {"<!DOCTYPE html>\n<html><head>", "HTML"},
      {"\n <HTML><body>", "HTML"},
      {"PK\x03\x04\x14 archive/data.pkl", "pickle of PyTorch"},
      {"\x80\x02}q\x00(X" + std::string(20, 'x'), "pickle of PyTorch"},
      {"\x89HDF\r\n\x1a\n" + std::string(20, 'x'), "HDF5"}};
  const TempFolder temp;
  for (const Case& c : all) {
    const std::string file = temp.file("model.safetensors", c.bytes);
    try {
      (void)read_checkpoint(file);
      FAIL("nothing was refused");
    } catch (const FileError& error) {
      CHECK_MESSAGE(says(error.what(), c.says), error.what());
      CHECK_MESSAGE(says(error.what(), file), error.what());
    }
  }
  fs::remove(temp.path() / "model.safetensors");
  const std::string index = temp.file("model.safetensors.index.json", all[0].bytes);
  CHECK_THROWS_WITH_AS((void)read_checkpoint(temp.path()), doctest::Contains("git lfs pull"),
                       FileError);
}

TEST_CASE("a folder with other files of weights is told which") {
  const TempFolder temp;
  temp.file("pytorch_model.bin", "PK");
  CHECK_THROWS_WITH_AS((void)read_checkpoint(temp.path()),
                       doctest::Contains("pickles of PyTorch: pytorch_model.bin"), FileError);
  temp.file("mine.safetensors", "x");
  CHECK_THROWS_WITH_AS((void)read_checkpoint(temp.path()),
                       doctest::Contains("name the file that is meant: mine.safetensors"),
                       FileError);
}
