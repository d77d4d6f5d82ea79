// SPDX-License-Identifier: Apache-2.0
// Checks of lists of paths and of numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "call.h"

namespace vitq::c {

// Throws ArgumentError if there are none, or one is null.
inline std::vector<std::filesystem::path> paths_of(const char* const* images, std::size_t count) {
  if (count == 0) throw ArgumentError("count is 0, expected 1 image at least");
  required(images, "images");
  std::vector<std::filesystem::path> paths;
  for (std::size_t i = 0; i < count; ++i) paths.emplace_back(&required(images[i], "an image"));
  return paths;
}

// Throws ArgumentError.
inline void require_not_negative(std::int64_t value, const char* name) {
  if (value < 0) throw ArgumentError(std::string(name) + " is less than 0");
}

}  // namespace vitq::c
