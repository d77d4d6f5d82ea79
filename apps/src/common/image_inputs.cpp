// SPDX-License-Identifier: Apache-2.0
#include "common/image_inputs.h"

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <iostream>

#include "vitq/error.h"

namespace vitq::apps {

namespace fs = std::filesystem;

namespace {

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

[[noreturn]] void refuse_empty(const std::string& folder, Below below, const LeftOut& left_out) {
  const std::string where =
      below == Below::kTaken ? " or below" : "; --recursive looks into the folders below it too";
  const std::string rest = left_out.empty() ? "" : " (left out: " + left_out.str() + ")";
  throw FileError(Fault::kUnreadable, folder,
                  "found no " + image_endings() + " file in this folder" + where + rest);
}

}  // namespace

void tell(const LeftOut& left_out, const std::string& program) {
  if (!left_out.empty()) std::cerr << program << ": left out (" << left_out.str() << ")\n";
}

std::vector<std::string> expand_inputs(const std::vector<std::string>& inputs, Below below,
                                       LeftOut& left_out) {
  std::vector<std::string> expanded;
  for (const std::string& input : inputs) {
    if (input == "-" || !fs::is_directory(input)) {
      expanded.push_back(input);
      continue;
    }
    const std::vector<fs::path> images = images_in(input, below, left_out);
    if (images.empty()) refuse_empty(input, below, left_out);
    for (const fs::path& image : images) expanded.push_back(image.string());
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
