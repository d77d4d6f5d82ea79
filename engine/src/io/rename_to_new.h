// SPDX-License-Identifier: Apache-2.0
// Renames a file to a name that no file may have. io/linux or io/portable defines it.
#pragma once

#include <filesystem>

namespace vitq {

// False sets errno, which is EEXIST for a name that is taken.
bool rename_to_new(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace vitq
