// SPDX-License-Identifier: Apache-2.0
// This header has the schemas that the families' config.json files share.
#pragma once

#include "vitq/config_schema.h"

namespace vitq {

// Sizes that tensors show as well. A contradiction is refused (require_same).
inline constexpr std::string_view kAsTensors = "must agree with the tensors";
inline constexpr std::string_view kOfTraining = "concerns training";
inline constexpr std::string_view kShown = "is what tensors show";
inline constexpr std::string_view kActivations =
    R"(["gelu","gelu_python","relu","gelu_tanh","gelu_pytorch_tanh","gelu_new","quick_gelu","silu","swish"])";  // as read_act() takes them

extern const ConfigSchema kTransformersSchema;
extern const ConfigSchema kVitSchema;
extern const ConfigSchema kDinov2Schema;
extern const ConfigSchema kTowerSchema;
extern const ConfigSchema kPairSchema;
extern const ConfigSchema kTimmSchema;
extern const ConfigSchema kTimmArgumentsSchema;
extern const ConfigSchema kDetrSchema;
extern const ConfigSchema kResNetSchema;
extern const ConfigSchema kTimmBackboneSchema;
extern const ConfigSchema kTimmResNetSchema;
extern const ConfigSchema kYolosSchema;

}  // namespace vitq
