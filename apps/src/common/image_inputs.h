// SPDX-License-Identifier: Apache-2.0
// This reads the images that a command line names: files, folders, and "-" for standard input.
#pragma once

#include <string>
#include <vector>

#include "common/image_folder.h"
#include "vitq/error.h"
#include "vitq/image.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

// "-" and files stay as they are. A folder becomes the images in it, sorted. Throws FileError for
// what does not exist and for a folder without images.
std::vector<std::string> expand_inputs(const std::vector<std::string>& inputs, Below below,
                                       LeftOut& left_out);

// Reads one of them as read_image() does.
Image read_input(const std::string& input, Exif exif, const ImageLimits& limits);

// Declares --max-megapixels.
void add_image_limits(CLI::App& app, ImageLimits& limits);

// Answers what `work` answers. If the image exceeds a limit, the error is thrown with its name.
template <typename Work>
auto with_context(const std::string& image, const Work& work) {
  try {
    return work();
  } catch (const LimitError& error) {
    throw LimitError(image + ": " + error.what());
  }
}

}  // namespace vitq::apps
