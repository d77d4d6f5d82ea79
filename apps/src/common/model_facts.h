// SPDX-License-Identifier: Apache-2.0
// What a page or a client is told of a model.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/json.h"
#include "vitq/model.h"

namespace vitq::apps {

// What a model can be asked: "classify", "detect" or "features"; "attention"; "components".
std::vector<std::string> abilities(const Model& model);

// Throws UnsupportedError unless `ability` is among `known`. `called` is how the message calls the
// model.
void require_ability(std::span<const std::string> known, std::string_view ability,
                     const std::string& called);

// "float", or the bits of a quantized model.
std::string format_of(const ModelInfo& info);

// "task", "family", "classes", "format", "bytes", "answers" (its abilities) and, unless the network
// takes any size, "input" [3, H, W]. `bytes` are those of its file.
Json model_facts(const Model& model, std::int64_t bytes);

}  // namespace vitq::apps
