// SPDX-License-Identifier: Apache-2.0
// Each image that is drawn on becomes a PNG file of its own.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vitq/image.h"

namespace vitq::apps {

class PngFiles {
 public:
  // For one input, a target that is no folder is the file. Otherwise it is a folder, made if need
  // be, with a file NAME.png for each input of that name. Throws UsageError if two inputs have the
  // same name, and FileError for what is there and must not be overwritten.
  PngFiles(const std::filesystem::path& target, const std::vector<std::string>& inputs,
           Overwrite overwrite);
  void write(const std::string& input, const Image& image) const;

 private:
  std::map<std::string, std::filesystem::path> files_;
  Overwrite overwrite_;
};

}  // namespace vitq::apps
