// SPDX-License-Identifier: Apache-2.0
// Where results go: standard output as they come, or a file that is written whole at the end or not
// at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "vitq/weights.h"

namespace vitq::apps {

// Throws FileError if there is a file that may not be overwritten; for use before the work is done.
void require_free(const std::filesystem::path& path, Overwrite overwrite);

class Output {
 public:
  // An empty path is standard output.
  Output(std::filesystem::path path, Overwrite overwrite);

  void write(std::string_view text);
  // Call it when all is written; without it no file appears.
  void finish();

 private:
  std::filesystem::path path_;
  Overwrite overwrite_;
  std::string text_;
};

}  // namespace vitq::apps
