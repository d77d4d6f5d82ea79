// SPDX-License-Identifier: Apache-2.0
// The model that is used where none is named.
#pragma once

#include <filesystem>

namespace vitq::apps {

// VITQ_MODEL, or share/vitq/default.safetensors beside the folder of this program, as in an
// installation and in a build tree. Throws FileError saying how to get one.
std::filesystem::path find_default_model();

}  // namespace vitq::apps
