// SPDX-License-Identifier: Apache-2.0
// Where the real weights and images are, for the tests that need them.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace vitq::test {

// A folder under VITQ_DATA. Without that variable, or if the folder is absent, the test says that
// it is skipped and there is nothing.
inline std::optional<std::filesystem::path> data_folder(const std::filesystem::path& name) {
  const char* root = std::getenv("VITQ_DATA");
  if (root == nullptr || *root == '\0') {
    MESSAGE("skipped: VITQ_DATA is not set");
    return std::nullopt;
  }
  const std::filesystem::path folder = std::filesystem::path(root) / name;
  if (!std::filesystem::is_directory(folder)) {
    MESSAGE("skipped: " << folder.string() << " is absent");
    return std::nullopt;
  }
  return folder;
}

}  // namespace vitq::test
