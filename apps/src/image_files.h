// SPDX-License-Identifier: Apache-2.0
// PNG files that are made of images, one each.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "vitq/image.h"

namespace vitq::apps {

class ImageFiles {
 public:
  // One input and a target that is no folder: that file. Otherwise a folder, made if need be, with
  // a file NAME.png for each input of that name. Throws UsageError if two inputs have the same
  // name, and FileError for what is there and must not be overwritten.
  ImageFiles(const std::filesystem::path& target, const std::vector<std::string>& inputs,
             Overwrite overwrite);
  void write(const std::string& input, const Image& image) const;

 private:
  std::map<std::string, std::filesystem::path> files_;
  Overwrite overwrite_;
};

}  // namespace vitq::apps
