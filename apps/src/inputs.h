// SPDX-License-Identifier: Apache-2.0
// The images named on a command line: files, folders, and "-" for standard input.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vitq/error.h"
#include "vitq/image.h"

namespace vitq::apps {

// Whether a file found in a folder is meant: a JPEG or PNG by its name's ending, and not hidden.
bool is_image(const std::filesystem::directory_entry& entry);

// "-" and files stay as they are; a folder becomes the images in it, sorted, with those of its
// folders if `recursive`. Throws FileError for what does not exist and for a folder without
// images.
std::vector<std::string> expand_inputs(const std::vector<std::string>& inputs, bool recursive);

// Reads one of them; see read_image.
Image read_input(const std::string& input, Exif exif);

// What `work` answers; a limit that the image of this name exceeds is told with the name.
template <typename Work>
auto with_context(const std::string& image, const Work& work) {
  try {
    return work();
  } catch (const LimitError& error) {
    throw LimitError(image + ": " + error.what());
  }
}

}  // namespace vitq::apps
