// SPDX-License-Identifier: Apache-2.0
// This finds the images that a network is calibrated on.
#pragma once

#include <filesystem>
#include <vector>

namespace vitq::apps {

// Finds the images below a folder, sorted, or those that a text file names in its order. The file
// names one a line, before the first tab if there is one, and relative to its own folder. Throws
// FileError.
std::vector<std::filesystem::path> calibration_images(const std::filesystem::path& source);

}  // namespace vitq::apps
