// SPDX-License-Identifier: Apache-2.0
// This header has the reading that the families' configurations share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vitq/family.h"

namespace vitq {

// Throws WeightError unless the tensor is there and has `rank` axes, each longer than 0.
const Shape& shape_of(const Weights& weights, std::string_view name, int rank);

// Counts the tensors prefix + "0" + suffix, prefix + "1" + suffix, and so on. Throws WeightError if
// there is none.
std::int64_t count_of(const Weights& weights, const std::string& prefix, const std::string& suffix);

// Says whether the key is there and true.
bool is_set(const Json& json, std::string_view key);

// A config.json that states something which the tensors show must say the same. Its origin would
// build another network otherwise. Throws FileError.
void require_same(const Json& source, std::string_view key, std::int64_t found);
void require_same(const Json& source, std::string_view key, bool found);

// Reads the name of an activation, as timm and transformers have it or as model files do. Null is
// GELU with the exact erf. Throws UnsupportedError for unknown names.
Act read_act(const Json& json);
// Answers the name that model files have.
std::string_view name_of(Act act);

}  // namespace vitq
