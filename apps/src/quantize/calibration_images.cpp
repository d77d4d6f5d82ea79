// SPDX-License-Identifier: Apache-2.0
#include "quantize/calibration_images.h"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <random>

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

std::vector<fs::path> find_images(const fs::path& source) {
  if (!fs::is_directory(source)) return read_list(source);
  std::vector<fs::path> images;
  for (std::string& path : expand_inputs({source.string()}, true)) {
    images.emplace_back(std::move(path));
  }
  return images;
}

std::vector<std::size_t> even_sample(std::size_t total, std::size_t count) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(i * total / count);
  return chosen;
}

}  // namespace

std::vector<std::size_t> random_sample(std::size_t total, std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> order(total);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937_64 random(seed);  // whose numbers, unlike distributions, are the same everywhere
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(order[i], order[i + random() % (total - i)]);
  }
  order.resize(count);
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<fs::path> calibration_images(const CalibrationJob& job) {
  const std::vector<fs::path> all = find_images(job.source);
  if (job.limit >= all.size()) return all;
  std::vector<fs::path> images;
  for (const std::size_t index : job.seed ? random_sample(all.size(), job.limit, *job.seed)
                                          : even_sample(all.size(), job.limit)) {
    images.push_back(all[index]);
  }
  return images;
}

namespace {

Image read_pixels(const fs::path& path, const Preprocess& preprocess) {
  const Image image = read_image(path, Exif::kIgnore);
  return with_context(path.string(), [&] { return preprocess.pixels(image); });
}

}  // namespace

CalibrationSet calibration_set(std::vector<fs::path> images, const Preprocess& preprocess) {
  CalibrationSet set;
  set.count = static_cast<std::int64_t>(images.size());
  set.digest = digest_of(images);
  set.image = [images = std::move(images), preprocess](std::int64_t index) {
    const Image pixels = read_pixels(images[static_cast<std::size_t>(index)], preprocess);
    return normalize({&pixels, 1}, preprocess);
  };
  return set;
}

}  // namespace vitq::apps
