// SPDX-License-Identifier: Apache-2.0
#include "sine_positions.h"

#include <cmath>
#include <numbers>
#include <vector>

namespace vitq {
namespace {

constexpr double kTemperature = 10000.0;
constexpr double kEps = 1e-6;

// Walks one axis of a mask [h, w] and counts features. The whole axis is scaled to 2 pi.
struct Line {
  const float* mask;
  std::int64_t count, stride;

  std::vector<double> angles() const {
    std::vector<double> result;
    double sum = 0.0;
    for (std::int64_t i = 0; i < count; ++i) {
      sum += static_cast<double>(mask[i * stride]);
      result.push_back(sum);
    }
    for (double& angle : result) angle *= 2.0 * std::numbers::pi / (sum + kEps);
    return result;
  }
};

// The angle of a channel falls by this factor. There are two channels of each.
double falloff(std::int64_t c, std::int64_t channels) {
  const double power = static_cast<double>(c - c % 2) / static_cast<double>(channels);
  return std::pow(kTemperature, power);
}

// Even channels are sines and odd ones cosines, of falling frequency.
void put(double angle, std::int64_t channels, float* to) {
  for (std::int64_t c = 0; c < channels; ++c) {
    const double phase = angle / falloff(c, channels);
    to[c] = static_cast<float>(c % 2 == 0 ? std::sin(phase) : std::cos(phase));
  }
}

}  // namespace

Tensor feature_mask(const Tensor& mask, std::int64_t height, std::int64_t width) {
  const Shape& shape = mask.shape();
  Tensor result({shape[0], height, width}, DType::kF32);
  const float* from = mask.as<float>().data();
  float* to = result.as<float>().data();
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    for (std::int64_t y = 0; y < height; ++y) {
      const float* row = from + (n * shape[1] + y * shape[1] / height) * shape[2];
      for (std::int64_t x = 0; x < width; ++x)
        *to++ = row[x * shape[2] / width] > 0.5F ? 1.0F : 0.0F;
    }
  }
  return result;
}

Tensor sine_positions(const Tensor& mask, std::int64_t dim) {
  const Shape& shape = mask.shape();
  const std::int64_t height = shape[1];
  const std::int64_t width = shape[2];
  const std::int64_t half = dim / 2;
  Tensor result({shape[0], height * width, dim}, DType::kF32);
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    const float* image = mask.as<float>().data() + n * height * width;
    float* to = result.as<float>().data() + n * height * width * dim;
    for (std::int64_t x = 0; x < width; ++x) {
      const std::vector<double> angles = Line{image + x, height, width}.angles();
      for (std::int64_t y = 0; y < height; ++y)
        put(angles[static_cast<std::size_t>(y)], half, to + (y * width + x) * dim);
    }
    for (std::int64_t y = 0; y < height; ++y) {
      const std::vector<double> angles = Line{image + y * width, width, 1}.angles();
      for (std::int64_t x = 0; x < width; ++x)
        put(angles[static_cast<std::size_t>(x)], half, to + (y * width + x) * dim + half);
    }
  }
  return result;
}

SineWaves sine_waves(std::int64_t channels) {
  SineWaves waves = {Tensor({1, 1, channels}, DType::kF32), Tensor({1, 1, channels}, DType::kF32)};
  for (std::int64_t c = 0; c < channels; ++c) {
    const auto i = static_cast<std::size_t>(c);
    waves.frequencies.as<float>()[i] =
        static_cast<float>(2.0 * std::numbers::pi / falloff(c, channels));
    waves.phases.as<float>()[i] = static_cast<float>(c % 2 == 0 ? 0.0 : std::numbers::pi / 2.0);
  }
  return waves;
}

}  // namespace vitq
