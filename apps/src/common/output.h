// SPDX-License-Identifier: Apache-2.0
// Results go to standard output as they come, or to a file that is written whole at the end or not
// at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "vitq/weights.h"

namespace vitq::apps {

// Throws FileError if there is a file that may not be overwritten. It is called before any work is
// done.
void require_free(const std::filesystem::path& path, Overwrite overwrite);

class Output {
 public:
  // An empty path is standard output.
  Output(std::filesystem::path path, Overwrite overwrite);

  void write(std::string_view text);
  // It is called when all is written. Without it no file appears.
  void finish();

 private:
  std::filesystem::path path_;
  Overwrite overwrite_;
  std::string text_;
};

}  // namespace vitq::apps
