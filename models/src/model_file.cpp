// SPDX-License-Identifier: Apache-2.0
#include "vitq/model_file.h"

#include "vitq/error.h"

namespace vitq {

bool has_model_info(const Weights& weights) {
  return weights.metadata.contains(kModelKey);
}

ModelInfo read_model_info(const Weights& weights, const std::string& name) {
  const auto found = weights.metadata.find(kModelKey);
  if (found == weights.metadata.end()) {
    throw FileError(Fault::kMalformed, name,
                    "a checkpoint that was not converted (its metadata have no key \"" +
                        std::string(kModelKey) + "\"); run vit_convert on it first");
  }
  const std::string place = name + ": metadata " + std::string(kModelKey);
  return ModelInfo::from_json(Json::parse(found->second, place));
}

void set_model_info(Weights& weights, const ModelInfo& info) {
  weights.metadata.insert_or_assign(std::string(kModelKey), info.to_json().dump());
}

void write_model(const std::filesystem::path& path, const ModelInfo& info, Weights weights,
                 Overwrite overwrite) {
  set_model_info(weights, info);
  write_safetensors(path, weights, overwrite);
}

}  // namespace vitq
