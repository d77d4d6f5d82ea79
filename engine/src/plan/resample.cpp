// SPDX-License-Identifier: Apache-2.0
#include "vitq/resample.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/checked.h"

namespace vitq {
namespace {

// One new place along an axis: the old ones that it is made of, and their weights.
struct Taps {
  std::vector<std::int64_t> from;
  std::vector<double> weight;
};

// R. G. Keys' cubic convolution. PyTorch has a = -0.5, as Pillow, where it smooths, else -0.75.
double cubic(double distance, double a) {
  const double d = std::abs(distance);
  if (d <= 1.0) return ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
  return d < 2.0 ? ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a : 0.0;
}

// upsample_bicubic2d. Centres of pixels are halves. Beyond the edge there is what is at the edge.
Taps bicubic_taps(std::int64_t i, std::int64_t from, double ratio) {
  const double centre = ratio * (static_cast<double>(i) + 0.5) - 0.5;
  const auto first = static_cast<std::int64_t>(std::floor(centre)) - 1;
  Taps taps;
  for (std::int64_t place = first; place < first + 4; ++place) {
    taps.from.push_back(std::clamp<std::int64_t>(place, 0, from - 1));
    taps.weight.push_back(cubic(static_cast<double>(place) - centre, -0.75));
  }
  return taps;
}

// _upsample_bicubic2d_aa. The kernel is wider where the grid shrinks, and cut off at the edges.
Taps antialiased_taps(std::int64_t i, std::int64_t from, double ratio) {
  const double widening = std::max(ratio, 1.0);
  const double centre = ratio * (static_cast<double>(i) + 0.5);
  // Numbers below 0 are cut off, so that flooring and PyTorch's truncation are the same.
  const double begin = std::max(std::floor(centre - 2.0 * widening + 0.5), 0.0);
  const double end = std::min(std::floor(centre + 2.0 * widening + 0.5), static_cast<double>(from));
  Taps taps;
  double sum = 0.0;
  for (auto place = static_cast<std::int64_t>(begin); static_cast<double>(place) < end; ++place) {
    taps.from.push_back(place);
    taps.weight.push_back(cubic((static_cast<double>(place) + 0.5 - centre) / widening, -0.5));
    sum += taps.weight.back();
  }
  for (double& weight : taps.weight) weight /= sum;
  return taps;
}

std::vector<Taps> taps_of(std::int64_t from, std::int64_t to, Resampling how) {
  const double ratio = static_cast<double>(from) / static_cast<double>(to);
  std::vector<Taps> all;
  for (std::int64_t i = 0; i < to; ++i) {
    all.push_back(how == Resampling::kAntialiased ? antialiased_taps(i, from, ratio)
                                                  : bicubic_taps(i, from, ratio));
  }
  return all;
}

// A grid is [lines, places, n], of which the places are made anew.
struct GridAxis {
  std::int64_t lines, from, to, n;
};

void add_taps(const Taps& place, const double* line, std::int64_t n, double* out) {
  for (std::size_t tap = 0; tap < place.from.size(); ++tap) {
    const double* in = line + place.from[tap] * n;
    for (std::int64_t c = 0; c < n; ++c) out[c] += place.weight[tap] * in[c];
  }
}

std::vector<double> along(const std::vector<double>& grid, const GridAxis& axis, Resampling how) {
  const std::vector<Taps> taps = taps_of(axis.from, axis.to, how);
  std::vector<double> made(static_cast<std::size_t>(axis.lines * axis.to * axis.n), 0.0);
  double* out = made.data();
  for (std::int64_t line = 0; line < axis.lines; ++line) {
    for (const Taps& place : taps) {
      add_taps(place, grid.data() + line * axis.from * axis.n, axis.n, out);
      out += axis.n;
    }
  }
  return made;
}

}  // namespace

Tensor resampled(const Tensor& x, const op::Resample& grid, Resampling how) {
  if (grid.height == grid.from_height && grid.width == grid.from_width) return x;
  const Shape& shape = x.shape();
  const std::int64_t n = shape[-1];
  const std::int64_t from = grid.from_height * grid.from_width;
  const std::int64_t rest = shape[-2] - from;
  const std::int64_t to = checked_mul(grid.height, grid.width);
  Tensor result(shape.with(shape.rank() - 2, rest + to), DType::kF32);
  const float* in = x.as<float>().data();
  float* out = result.as<float>().data();
  for (std::int64_t i = 0; i < shape.elements() / (shape[-2] * n); ++i) {
    out = std::copy_n(in, grid.begin * n, out);
    in += grid.begin * n;
    std::vector<double> values(in, in + from * n);
    values = along(values, {grid.from_height, grid.from_width, grid.width, n}, how);
    values = along(values, {1, grid.from_height, grid.height, grid.width * n}, how);
    for (const double value : values) *out++ = static_cast<float>(value);
    in += from * n;
    out = std::copy_n(in, (rest - grid.begin) * n, out);
    in += (rest - grid.begin) * n;
  }
  return result;
}

}  // namespace vitq
