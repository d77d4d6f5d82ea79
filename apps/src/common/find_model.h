// SPDX-License-Identifier: Apache-2.0
// This finds the model that a user names, or the default where none is named.
#pragma once

#include <filesystem>

namespace vitq::apps {

// A file is taken as it is. A bare name that is no file here stands for share/vitq/NAME.safetensors
// beside the folder of this program, in an installation as in a build tree. Without a name,
// VITQ_MODEL or else "default" is taken. Throws FileError saying how to get a default.
std::filesystem::path find_model(const std::filesystem::path& named);

}  // namespace vitq::apps
