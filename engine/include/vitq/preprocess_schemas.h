// SPDX-License-Identifier: Apache-2.0
// What each key of the files that preprocessing is read from means, as data.
#pragma once

#include <span>
#include <string_view>

#include "vitq/config_schema.h"

namespace vitq {

// All of them: transformers' image processors, and timm's pretrained_cfg.
std::span<const ConfigSchema> preprocess_schemas();

// The one of the processor that a preprocessor_config.json names, or else of `model_type` as
// preprocess_from_huggingface takes it. Throws UnsupportedError for other processors.
const ConfigSchema& huggingface_schema(const Json& json, std::string_view model_type);
// The one of a pretrained_cfg and of timm's old flat config.json.
const ConfigSchema& timm_schema();

}  // namespace vitq
