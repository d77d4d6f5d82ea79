// SPDX-License-Identifier: Apache-2.0
// This chooses the images that a network is calibrated on, and reads them for the quantizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "vitq/calibration.h"
#include "vitq/preprocess.h"

namespace vitq::apps {

struct CalibrationJob {
  std::filesystem::path source;       // a folder, or a list of files
  std::size_t limit = 128;            // at most so many images
  std::optional<std::uint64_t> seed;  // a random sample; otherwise one spread evenly over all
};

// Finds the images below a folder, sorted, or those that a text file names in its order. The file
// names one a line, before the first tab if there is one, and relative to its own folder. The
// sample of them is in the same order. Throws FileError.
std::vector<std::filesystem::path> calibration_images(const CalibrationJob& job);

// Draws `count` of `total` indices, rising, by a generator that is the same everywhere.
std::vector<std::size_t> random_sample(std::size_t total, std::size_t count, std::uint64_t seed);

// Reads and prepares images when they are asked for. EXIF orientation is ignored, as training code
// does. Throws FileError if one of them cannot be opened. image() throws what reading it throws.
CalibrationSet calibration_set(std::vector<std::filesystem::path> images,
                               const Preprocess& preprocess);

}  // namespace vitq::apps
