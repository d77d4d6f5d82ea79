// SPDX-License-Identifier: Apache-2.0
// Images as the quantizer takes them: prepared for the network, one at a time.
#pragma once

#include <filesystem>
#include <vector>

#include "vitq/calibration.h"
#include "vitq/preprocess.h"

namespace vitq {

// Reads and prepares images when they are asked for. Throws FileError if one of them cannot be
// opened; image() throws what reading it throws.
CalibrationSet calibration_set(std::vector<std::filesystem::path> images,
                               const Preprocess& preprocess, const ImageLimits& limits);
// The images must outlive the set.
CalibrationSet calibration_set(std::vector<const Image*> images, const Preprocess& preprocess);

// So many generated images of the input's size, [1, 3, H, W]. In the record they have `generated`
// in place of a digest.
CalibrationSet generated_calibration(std::size_t count, const Shape& input,
                                     const Preprocess& preprocess);

}  // namespace vitq
