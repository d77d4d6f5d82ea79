// SPDX-License-Identifier: Apache-2.0
// The JSON tree behind vitq/json.h and the strict parser that fills it. Only json.cpp and
// json_parse.cpp include this, and with it nlohmann's headers.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "vitq/json.h"

namespace vitq {

using JsonTree = nlohmann::ordered_json;

// Throws FileError (kMalformed) for anything Json::parse refuses.
JsonTree parse_json_tree(std::string_view text, const std::string& source,
                         const Json::Limits& limits);

// Takes element `index` of a list that is a member of the outermost object.
using TakeElement =
    std::function<void(const std::string& member, std::size_t index, JsonTree element)>;

// Reads a file a piece at a time. Elements that are taken are not in the tree that is answered.
JsonTree read_json_lists(const std::filesystem::path& path, const Json::Limits& limits,
                         const TakeElement& take);

// How a member or an element extends the place of its parent: ".mean", "[\"a.b\"]", "[2]".
std::string place_of_member(std::string_view key);
std::string place_of_element(std::size_t index);

// A string as JSON text, shortened for messages.
std::string quoted(std::string_view text);

}  // namespace vitq
