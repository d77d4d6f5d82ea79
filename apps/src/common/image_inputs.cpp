// SPDX-License-Identifier: Apache-2.0
#include "common/image_inputs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <iostream>
#include <iterator>

#include "vitq/error.h"

namespace vitq::apps {

namespace fs = std::filesystem;

bool is_image(const fs::directory_entry& entry) {
  constexpr std::array<std::string_view, 6> kEndings = {".jpg",  ".jpeg", ".png",
                                                        ".webp", ".bmp",  ".gif"};
  if (entry.path().filename().string().starts_with('.') || !entry.is_regular_file()) return false;
  std::string ending = entry.path().extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char character) {
    return static_cast<char>(std::tolower(character));
  });
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

namespace {

template <typename Iterator>
std::vector<std::string> images_of(Iterator entries) {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : entries) {
    if (is_image(entry)) found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> images_in(const fs::path& folder, bool recursive) {
  std::vector<std::string> found;
  try {
    found = recursive ? images_of(fs::recursive_directory_iterator(folder))
                      : images_of(fs::directory_iterator(folder));
  } catch (const fs::filesystem_error& error) {
    throw FileError(Fault::kUnreadable, folder.string(), error.code().message());
  }
  if (found.empty()) {
    throw FileError(Fault::kUnreadable, folder.string(),
                    recursive
                        ? "found no .jpg, .jpeg, .png, .webp, .bmp or .gif file in this folder "
                          "or below"
                        : "found no .jpg, .jpeg, .png, .webp, .bmp or .gif file in this "
                          "folder; --recursive looks into the folders below it too");
  }
  return found;
}

// The size of a pipe is not known beforehand. decode_image() refuses what is longer than its limit.
std::string read_standard_input(std::size_t max) {
  std::string bytes;
  std::array<char, 1 << 16> chunk;
  while (std::cin && bytes.size() <= max) {
    std::cin.read(chunk.data(), chunk.size());
    bytes.append(chunk.data(), static_cast<std::size_t>(std::cin.gcount()));
  }
  return bytes;
}

}  // namespace

std::vector<std::string> expand_inputs(const std::vector<std::string>& inputs, bool recursive) {
  std::vector<std::string> expanded;
  for (const std::string& input : inputs) {
    if (input != "-" && fs::is_directory(input)) {
      const std::vector<std::string> images = images_in(input, recursive);
      expanded.insert(expanded.end(), images.begin(), images.end());
    } else {
      expanded.push_back(input);
    }
  }
  return expanded;
}

Image read_input(const std::string& input, Exif exif, const ImageLimits& limits) {
  if (input != "-") return read_image(input, exif, limits);
  const std::string bytes = read_standard_input(limits.file_bytes);
  return decode_image(std::as_bytes(std::span(bytes)), "standard input", exif, limits);
}

// Photos of 200 megapixels have up to a byte for each.
void add_image_limits(CLI::App& app, ImageLimits& limits) {
  const auto set = [&limits](int megapixels) {
    limits.pixels = std::int64_t{megapixels} * 1'000'000;
    limits.file_bytes = std::max(limits.file_bytes, static_cast<std::size_t>(limits.pixels));
  };
  app.add_option_function<int>("--max-megapixels", set,
                               "Images of at most so many million pixels (default 100)")
      ->check(CLI::Range(1, 268));
}

}  // namespace vitq::apps
