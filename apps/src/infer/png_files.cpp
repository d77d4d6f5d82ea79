// SPDX-License-Identifier: Apache-2.0
#include "infer/png_files.h"

#include <set>

#include "common/args.h"
#include "common/output.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

std::filesystem::path png_name(const std::string& input) {
  return input == "-" ? "stdin.png" : std::filesystem::path(input).stem().string() + ".png";
}

}  // namespace

PngFiles::PngFiles(const std::filesystem::path& target, const std::vector<std::string>& inputs,
                   Overwrite overwrite)
    : overwrite_(overwrite) {
  const bool folder = inputs.size() > 1 || std::filesystem::is_directory(target);
  if (folder) {
    std::error_code error;
    std::filesystem::create_directories(target, error);
    if (error) throw FileError(Fault::kUnreadable, target.string(), error.message());
  }
  std::set<std::filesystem::path> names;
  for (const std::string& input : inputs) {
    const std::filesystem::path file = folder ? target / png_name(input) : target;
    if (!names.insert(file).second) {
      throw UsageError("two images would be drawn to " + file.string());
    }
    require_free(file, overwrite);
    files_[input] = file;
  }
}

void PngFiles::write(const std::string& input, const Image& image) const {
  write_png(files_.at(input), image, overwrite_);
}

}  // namespace vitq::apps
