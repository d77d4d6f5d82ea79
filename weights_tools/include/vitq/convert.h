// SPDX-License-Identifier: Apache-2.0
// Makes a model of a checkpoint as timm, transformers or Facebook publish it: canonical names,
// configuration, preprocessing and labels in one file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vitq/detection.h"
#include "vitq/json.h"
#include "vitq/model_info.h"
#include "vitq/weights.h"

namespace vitq {

struct ConvertOptions {
  std::string arch = {};                     // of the family; empty: recognized
  std::optional<ImageSize> image_size = {};  // positions and preprocessing are changed for it
  std::optional<std::int64_t> heads = {};    // where neither shapes nor config.json say it
  bool dilation = false;    // of a detector's backbone (DC5), where there is no config.json
  std::string preset = {};  // a pipeline's name, or timm, hf, fb for the family's
  std::filesystem::path preprocessor =
      {};                             // preprocessor_config.json; empty: the one in the folder
  std::filesystem::path labels = {};  // as read_labels() takes them; empty: from config.json
  // A head for a network of features, .npy or .safetensors: linear, or text embeddings of length 1
  // (docs/models.md). Its classes have names from `labels` alone.
  std::filesystem::path head = {};
};

// A checkpoint is converted as it was found.
struct Checkpoint {
  std::string path = {};  // for messages
  Weights weights = {};
  Json config = Json::object();  // config.json, if there is one
  Json preprocessor = {};        // preprocessor_config.json; null: there is none
};

// `source` is a safetensors file, a shard index, or a folder that holds one of them.
// config.json and preprocessor_config.json are read where they lie beside it. Throws FileError.
Checkpoint read_checkpoint(const std::filesystem::path& source);

// It is what write_model() takes, with what people should be told of it.
struct Converted {
  Weights weights;  // under canonical names, with `info` in their metadata
  ModelInfo info;
  std::string dialect;
  std::string head;                       // what ConvertOptions::head is, in words for people
  std::vector<std::string> ignored;       // tensors that inference does not need
  std::vector<std::string> assumptions;   // what nothing stated, in words for people
  std::vector<std::string> choices;       // what else was decided, likewise
  std::vector<std::string> unknown_keys;  // of the checkpoint's JSON files, with their places
};

// Throws FileError, UnsupportedError, or one WeightError that names all missing, unexpected and
// misshaped tensors.
Converted convert(const Checkpoint& source, const ConvertOptions& options);
Converted convert(const std::filesystem::path& source, const ConvertOptions& options);

}  // namespace vitq
