// SPDX-License-Identifier: Apache-2.0
// This reads the images that a command line names: files, folders, and "-" for standard input.
#pragma once

#include <string>
#include <vector>

#include "vitq/image.h"
#include "vitq/image_folder.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

// Writes a line of what was left out to standard error in the program's name, if there is any.
void tell(const LeftOut& left_out, const std::string& program);

// "-" and files stay as they are. A folder becomes the images in it, sorted. Throws FileError for
// what does not exist and for a folder without images.
std::vector<std::string> expand_inputs(const std::vector<std::string>& inputs, Below below,
                                       LeftOut& left_out);

// Reads one of them as read_image() does.
Image read_input(const std::string& input, Exif exif, const ImageLimits& limits);

// Declares --max-megapixels.
void add_image_limits(CLI::App& app, ImageLimits& limits);

}  // namespace vitq::apps
