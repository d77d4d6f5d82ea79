// SPDX-License-Identifier: Apache-2.0
#include "quantize/calibration_images.h"

#include <fstream>

#include "common/image_inputs.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> read_list(const fs::path& list) {
  std::ifstream in(list);
  if (!in) throw FileError(Fault::kUnreadable, list.string(), "cannot be opened");
  std::vector<fs::path> images;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const std::string name = line.substr(0, line.find_first_of("\t\r"));
    if (name.empty()) continue;
    const fs::path image = list.parent_path() / name;
    if (!fs::is_regular_file(image)) {
      throw FileError(Fault::kUnreadable, image.string(),
                      "no such file, though line " + std::to_string(number) + " of " +
                          list.string() + " names it");
    }
    images.push_back(image);
  }
  if (images.empty()) throw FileError(Fault::kMalformed, list.string(), "lists no images");
  return images;
}

}  // namespace

std::vector<fs::path> calibration_images(const fs::path& source) {
  if (!fs::is_directory(source)) return read_list(source);
  std::vector<fs::path> images;
  for (std::string& path : expand_inputs({source.string()}, true)) {
    images.emplace_back(std::move(path));
  }
  return images;
}

}  // namespace vitq::apps
