// SPDX-License-Identifier: Apache-2.0
#include "common/output.h"

#include <iostream>

#include "vitq/error.h"

namespace vitq::apps {

void require_free(const std::filesystem::path& path, Overwrite overwrite) {
  if (overwrite == Overwrite::kNo && std::filesystem::exists(path)) {
    throw FileError(Fault::kUnreadable, path.string(), "exists already; --force overwrites it");
  }
}

Output::Output(std::filesystem::path path, Overwrite overwrite)
    : path_(std::move(path)), overwrite_(overwrite) {
  if (!path_.empty()) require_free(path_, overwrite_);
}

void Output::write(std::string_view text) {
  if (path_.empty()) {
    std::cout << text << std::flush;
  } else {
    text_ += text;
  }
}

void Output::finish() {
  if (!path_.empty()) write_file(path_, text_, overwrite_);
}

}  // namespace vitq::apps
