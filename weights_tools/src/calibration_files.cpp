// SPDX-License-Identifier: Apache-2.0
#include "calibration_files.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "generated_images.h"
#include "prepared.h"
#include "vitq/quantize_model.h"

namespace vitq {

namespace {

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

}  // namespace

std::vector<std::size_t> sample(std::size_t total, std::size_t count,
                                std::optional<std::uint64_t> seed) {
  if (seed && count < total) return random_sample(total, count, *seed);
  count = std::min(count, total);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(i * total / count);
  return chosen;
}

CalibrationSet calibration_set(std::vector<std::filesystem::path> images,
                               const Preprocess& preprocess, const ImageLimits& limits) {
  CalibrationSet set;
  set.count = static_cast<std::int64_t>(images.size());
  set.digest = digest_of(images);
  set.image = [images = std::move(images), preprocess, limits](std::int64_t index) {
    const Image pixels =
        prepared_pixels(images[static_cast<std::size_t>(index)], preprocess, limits);
    return normalize({&pixels, 1}, preprocess);
  };
  return set;
}

CalibrationSet calibration_set(std::vector<const Image*> images, const Preprocess& preprocess) {
  CalibrationSet set;
  set.count = static_cast<std::int64_t>(images.size());
  set.image = [images = std::move(images), preprocess](std::int64_t index) {
    const Image pixels = preprocess.pixels(*images[static_cast<std::size_t>(index)]);
    return normalize({&pixels, 1}, preprocess);
  };
  return set;
}

CalibrationSet generated_calibration(std::size_t count, const Shape& input,
                                     const Preprocess& preprocess) {
  CalibrationSet set;
  set.count = static_cast<std::int64_t>(count);
  set.digest = "generated";
  set.generated = true;
  const auto side = [&input](int axis) { return static_cast<int>(input[axis]); };
  set.image = [width = side(3), height = side(2), preprocess](std::int64_t index) {
    const Image image = generated_image(static_cast<std::size_t>(index), width, height);
    return normalize({&image, 1}, preprocess);
  };
  return set;
}

}  // namespace vitq
