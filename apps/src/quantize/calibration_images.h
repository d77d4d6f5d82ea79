// SPDX-License-Identifier: Apache-2.0
// This finds the images that a network is calibrated on.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/failures.h"
#include "vitq/image.h"

namespace vitq::apps {

// Finds the images below a folder, sorted, or those that a text file names in its order. The file
// names one a line, before the first tab if there is one, and relative to its own folder. Throws
// FileError; unless it is to keep going, also for a file that is listed and not there.
std::vector<std::filesystem::path> calibration_images(const std::filesystem::path& source,
                                                      bool keep_going = false);

// Answers those of the images that can be read.
std::vector<std::filesystem::path> readable(const std::vector<std::filesystem::path>& images,
                                            const ImageLimits& limits, Failures& failures);

// Says in lines for people what makes these images poor to calibrate on: that there is only one,
// copies, or images of one colour. It is empty where nothing does. Throws what reading them throws.
std::string doubts_about(const std::vector<std::filesystem::path>& images,
                         const ImageLimits& limits);

}  // namespace vitq::apps
