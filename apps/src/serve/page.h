// SPDX-License-Identifier: Apache-2.0
// The files of the page that a browser gets. They are part of the program.
#pragma once

#include <span>
#include <string_view>

namespace vitq::apps {

struct PageFile {
  std::string_view path;  // "/page.js"
  std::string_view type;
  std::string_view bytes;
};

// In the order of their paths. apps/cmake/page_files.cmake makes them from apps/page.
std::span<const PageFile> page_files();

}  // namespace vitq::apps
