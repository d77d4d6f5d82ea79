// SPDX-License-Identifier: Apache-2.0
// What each key of the config.json files that networks are built from means, as data.
#pragma once

#include <vector>

#include "vitq/config_schema.h"
#include "vitq/family.h"

namespace vitq {

// Lists all of them, in the order in which documents show them.
std::vector<const ConfigSchema*> model_schemas();

// Checks the keys of a config.json. Answers the places of those that no schema of
// their object lists.
// Throws UnsupportedError as check_keys() does.
std::vector<std::string> check_config(const Family& family, const Json& source);

}  // namespace vitq
