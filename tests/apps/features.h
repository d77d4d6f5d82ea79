// SPDX-License-Identifier: Apache-2.0
// Networks without a head, made of golden checkpoints by taking theirs off.
#pragma once

#include "run.h"
#include "vitq/npy.h"

namespace vitq::test {

// The folder of the checkpoint hf_vit without its classifier.
inline fs::path headless_checkpoint(const TempFolder& temp) {
  const fs::path folder = temp.path() / "headless";
  fs::create_directories(folder);
  std::string config = contents_of(golden("hf_vit") / "config.json");
  constexpr std::string_view kClass = "ViTForImageClassification";
  config.replace(config.find(kClass), kClass.size(), "ViTModel");
  temp.file("headless/config.json", config);
  temp.file("headless/preprocessor_config.json",
            contents_of(golden("hf_vit") / "preprocessor_config.json"));
  Weights weights = read_safetensors(golden("hf_vit") / "model.safetensors");
  weights.tensors.erase("classifier.weight");
  weights.tensors.erase("classifier.bias");
  write_safetensors(folder / "model.safetensors", weights, Overwrite::kYes);
  return folder;
}

inline std::string make_headless(const TempFolder& temp) {
  const fs::path path = temp.path() / "features.safetensors";
  write_safetensors(path, convert(headless_checkpoint(temp), {}).weights, Overwrite::kYes);
  return path.string();
}

// What transformers made of two prepared images: "input", "logits" and, before the last norm,
// "tokens" [2, 17, 24].
inline Weights recorded() {
  return read_safetensors(golden("hf_vit") / "expected.safetensors");
}

inline std::string write_input(const TempFolder& temp) {
  const fs::path path = temp.path() / "input.npy";
  write_npy(path, recorded().at("input"), Overwrite::kYes);
  return path.string();
}

}  // namespace vitq::test
