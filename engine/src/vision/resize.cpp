// SPDX-License-Identifier: Apache-2.0
// Images are resampled as Pillow does it. Each output sample is a weighted mean of the input
// samples under the filter, which is stretched by the scale when the image shrinks. There is one
// pass along each axis, each in fixed point and rounded to 8 bits.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "core/text.h"
#include "vitq/error.h"
#include "vitq/image.h"

namespace vitq {
namespace {

// Pixels have 8 bits, and 2 bits are kept for sums outside of [0, 255].
constexpr int kPrecisionBits = 32 - 8 - 2;

struct FilterKernel {
  double support;
  double (*weight)(double);  // none: single pixels
};

double box(double x) {
  return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

double triangle(double x) {
  return std::max(0.0, 1.0 - std::abs(x));
}

// Keys' cubic convolution with a = -1/2.
double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0.0;
}

double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double hamming(double x) {
  x = std::abs(x);
  return x < 1.0 ? sinc(x) * (0.54 + 0.46 * std::cos(x * std::numbers::pi)) : 0.0;
}

double lanczos(double x) {
  return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
}

FilterKernel kernel_of(Filter filter) {
  switch (filter) {
    case Filter::kNearest: break;
    case Filter::kBox: return {0.5, box};
    case Filter::kBilinear: return {1.0, triangle};
    case Filter::kHamming: return {1.0, hamming};
    case Filter::kBicubic: return {2.0, cubic};
    case Filter::kLanczos: return {3.0, lanczos};
  }
  return {0.0, nullptr};
}

// The inputs [first, first + count) of one output sample, and their weights at `weights`.
struct Taps {
  int first;
  int count;
  std::size_t weights;
};

struct Axis {
  std::vector<Taps> taps;  // one for each output sample
  std::vector<std::int32_t> weights;
};

void append_weights(std::vector<std::int32_t>& out, const std::vector<double>& weights) {
  double total = 0.0;
  for (const double weight : weights) total += weight;
  for (const double weight : weights) {
    const double scaled = (total != 0.0 ? weight / total : weight) * (1 << kPrecisionBits);
    out.push_back(static_cast<std::int32_t>(scaled + (weight < 0 ? -0.5 : 0.5)));
  }
}

// One pixel each. Positions are summed up as Pillow does it, because their rounding shows.
Axis nearest_axis(double scale, int out) {
  Axis axis;
  double position = 0.5 * scale;
  for (int i = 0; i < out; ++i, position += scale) {
    axis.taps.push_back({static_cast<int>(position), 1, axis.weights.size()});
    axis.weights.push_back(1 << kPrecisionBits);
  }
  return axis;
}

Axis make_axis(int in, int out, const FilterKernel& kernel) {
  const double scale = static_cast<double>(in) / out;
  if (kernel.weight == nullptr) return nearest_axis(scale, out);
  const double stretch = std::max(scale, 1.0);
  const double support = kernel.support * stretch;
  Axis axis;
  std::vector<double> weights;
  for (int i = 0; i < out; ++i) {
    const double centre = (i + 0.5) * scale;
    // NOLINTBEGIN(bugprone-incorrect-roundings): as Pillow rounds
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int last = std::min(in, static_cast<int>(centre + support + 0.5));
    // NOLINTEND(bugprone-incorrect-roundings)
    weights.clear();
    for (int x = 0; x < last - first; ++x) {
      weights.push_back(kernel.weight((x + first - centre + 0.5) * (1.0 / stretch)));
    }
    axis.taps.push_back({first, last - first, axis.weights.size()});
    append_weights(axis.weights, weights);
  }
  return axis;
}

std::uint8_t to_pixel(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

constexpr std::int32_t kHalf = 1 << (kPrecisionBits - 1);

void resample_row(const std::uint8_t* in, std::uint8_t* out, const Axis& axis) {
  for (const Taps& taps : axis.taps) {
    const std::int32_t* weight = axis.weights.data() + taps.weights;
    const std::uint8_t* pixel = in + std::ptrdiff_t{3} * taps.first;
    std::int32_t red = kHalf;
    std::int32_t green = kHalf;
    std::int32_t blue = kHalf;
    for (int i = 0; i < taps.count; ++i, pixel += 3) {
      red += pixel[0] * weight[i];
      green += pixel[1] * weight[i];
      blue += pixel[2] * weight[i];
    }
    *out++ = to_pixel(red);
    *out++ = to_pixel(green);
    *out++ = to_pixel(blue);
  }
}

// One output row from the rows that `taps` names; sums has a place for each of its bytes.
void blend_rows(const Image& in, const Taps& taps, const std::int32_t* weights,
                std::vector<std::int32_t>& sums) {
  std::fill(sums.begin(), sums.end(), kHalf);
  for (int i = 0; i < taps.count; ++i) {
    const std::uint8_t* row = in.row(taps.first + i);
    const std::int32_t weight = weights[i];
    for (std::size_t x = 0; x < sums.size(); ++x) sums[x] += row[x] * weight;
  }
}

Image resize_columns(const Image& in, int width, const FilterKernel& kernel) {
  Image out = make_image(width, in.height);
  const Axis axis = make_axis(in.width, width, kernel);
  for (int y = 0; y < in.height; ++y) resample_row(in.row(y), out.row(y), axis);
  return out;
}

Image resize_rows(const Image& in, int height, const FilterKernel& kernel) {
  Image out = make_image(in.width, height);
  const Axis axis = make_axis(in.height, height, kernel);
  std::vector<std::int32_t> sums(std::size_t{3} * static_cast<std::size_t>(in.width));
  for (int y = 0; y < height; ++y) {
    const Taps& taps = axis.taps[static_cast<std::size_t>(y)];
    blend_rows(in, taps, axis.weights.data() + taps.weights, sums);
    std::transform(sums.begin(), sums.end(), out.row(y), to_pixel);
  }
  return out;
}

// Pillow 13's rule. The order shows in the result, since the first pass rounds to 8 bits.
bool rows_first(const Image& image, int width, int height) {
  return image.height - height > 2 * std::max(0, image.width - width);
}

}  // namespace

Image resize(const Image& image, int width, int height, Filter filter) {
  const FilterKernel kernel = kernel_of(filter);
  const auto columns = [&](const Image& in) {
    return width == in.width ? in : resize_columns(in, width, kernel);
  };
  const auto rows = [&](const Image& in) {
    return height == in.height ? in : resize_rows(in, height, kernel);
  };
  return rows_first(image, width, height) ? columns(rows(image)) : rows(columns(image));
}

}  // namespace vitq
