// SPDX-License-Identifier: Apache-2.0
// A model file has tensors under canonical names, and says what they are. docs/file_format.md
// describes it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "vitq/model_info.h"
#include "vitq/weights.h"

namespace vitq {

// The metadata key whose JSON is the ModelInfo.
inline constexpr std::string_view kModelKey = "vitq";

// Says whether these are the contents of a model file. Those of a checkpoint are not.
bool has_model_info(const Weights& weights);
// Reads what the model file says of itself. Messages call it `name`. Throws FileError if it says
// nothing or nonsense, or has another format version than this library reads.
ModelInfo read_model_info(const Weights& weights, const std::string& name);
// Makes the weights the contents of a model file.
void set_model_info(Weights& weights, const ModelInfo& info);

// Writes a model file, whole or not at all. Throws FileError(kUnreadable) if it cannot be written,
// or if it exists and may not be overwritten.
void write_model(const std::filesystem::path& path, const ModelInfo& info, Weights weights,
                 Overwrite overwrite);

}  // namespace vitq
