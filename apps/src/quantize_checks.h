// SPDX-License-Identifier: Apache-2.0
// What is asked of vit_quantize, before any work.
#pragma once

#include "quantize.h"
#include "vitq/recipe.h"

namespace vitq::apps {

// Throws UsageError for options that do not go together, FileError for outputs that cannot be
// written.
void require_sense(const QuantizeJob& job);

// The recipe of that name, or of a JSON file. Throws UsageError naming those that there are.
Recipe find_recipe(const std::string& name);

}  // namespace vitq::apps
