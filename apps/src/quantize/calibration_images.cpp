// SPDX-License-Identifier: Apache-2.0
#include "quantize/calibration_images.h"

#include <algorithm>
#include <set>

#include "common/image_inputs.h"
#include "vitq/error.h"
#include "vitq/image.h"
#include "vitq/quantize_model.h"
#include "vitq/text_lines.h"

namespace vitq::apps {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> read_list(const fs::path& list, bool keep_going) {
  std::vector<fs::path> images;
  std::size_t number = 0;
  for (const std::string& line : read_lines(list)) {
    ++number;
    const std::string name = line.substr(0, line.find('\t'));
    if (name.empty()) continue;
    const fs::path image = list.parent_path() / name;
    if (!keep_going && !fs::is_regular_file(image)) {
      throw FileError(Fault::kUnreadable, image.string(),
                      "no such file, though line " + std::to_string(number) + " of " +
                          list.string() + " names it");
    }
    images.push_back(image);
  }
  if (images.empty()) throw FileError(Fault::kMalformed, list.string(), "lists no images");
  return images;
}

// Answers whether all pixels are nearly of one colour.
bool is_plain(const Image& image) {
  constexpr int kNear = 8;  // of 255
  for (std::size_t channel = 0; channel < 3; ++channel) {
    int low = 255;
    int high = 0;
    for (std::size_t i = channel; i < image.rgb.size(); i += 3) {
      low = std::min<int>(low, image.rgb[i]);
      high = std::max<int>(high, image.rgb[i]);
    }
    if (high - low > kNear) return false;
  }
  return true;
}

std::string first_of(const std::vector<fs::path>& images) {
  return std::to_string(images.size()) + " (" + images.front().string() + ")";
}

}  // namespace

std::vector<fs::path> calibration_images(const fs::path& source, bool keep_going) {
  if (!fs::is_directory(source)) return read_list(source, keep_going);
  std::vector<fs::path> images;
  LeftOut left_out;
  for (std::string& path : expand_inputs({source.string()}, Below::kTaken, left_out)) {
    images.emplace_back(std::move(path));
  }
  tell(left_out, "vit_quantize");
  return images;
}

std::vector<fs::path> readable(const std::vector<fs::path>& images, const ImageLimits& limits,
                               Failures& failures) {
  std::vector<fs::path> good;
  for (const fs::path& path : images) {
    try {
      (void)read_image(path, Exif::kIgnore, limits);
      good.push_back(path);
    } catch (const Error& error) {
      failures.add(error);
    }
  }
  return good;
}

std::string doubts_about(const std::vector<fs::path>& images, const ImageLimits& limits) {
  std::set<std::string> digests;
  std::vector<fs::path> copies;
  std::vector<fs::path> plain;
  for (const fs::path& path : images) {
    if (!digests.insert(digest_of({&path, 1})).second) copies.push_back(path);
    if (is_plain(read_image(path, Exif::kIgnore, limits))) plain.push_back(path);
  }
  std::string text;
  if (images.size() == 1) text += "calibrated on one image alone\n";
  if (!copies.empty()) text += "images that are copies of others: " + first_of(copies) + '\n';
  if (!plain.empty()) text += "images without contrast: " + first_of(plain) + '\n';
  return text.empty() ? text : text + "more, and more different, images would serve better\n";
}

}  // namespace vitq::apps
