// SPDX-License-Identifier: Apache-2.0
#include "common/image_size.h"

#include <CLI/CLI.hpp>

namespace vitq::apps {

namespace {

constexpr int kMaxSide = 8192;

// Answers 0 for what is no side.
int side_of(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  const int value = digits && text.size() <= 4 ? std::stoi(text) : 0;
  return value <= kMaxSide ? value : 0;
}

ImageSize image_size_of(const std::string& text) {
  const std::size_t comma = text.find(',');
  const int height = side_of(text.substr(0, comma));
  const int width = comma == std::string::npos ? height : side_of(text.substr(comma + 1));
  if (height == 0 || width == 0) {
    throw CLI::ValidationError("--image-size", "'" + text + "' is not H or H,W, each from 1 to " +
                                                   std::to_string(kMaxSide));
  }
  return {width, height};
}

}  // namespace

void add_image_size(CLI::App& app, std::optional<ImageSize>& size, const std::string& help) {
  app.add_option_function<std::string>(
         "--image-size", [&size](const std::string& text) { size = image_size_of(text); }, help)
      ->type_name("H[,W]");
}

}  // namespace vitq::apps
