// SPDX-License-Identifier: Apache-2.0
// Where a model is that a user names, or does not name.
#pragma once

#include <filesystem>

namespace vitq::apps {

// A file as it is. A bare name that is no file here: share/vitq/NAME.safetensors beside the folder
// of this program, as in an installation and in a build tree, if there is one. No name: VITQ_MODEL,
// or "default" so. Throws FileError saying how to get a default.
std::filesystem::path find_model(const std::filesystem::path& named);

}  // namespace vitq::apps
