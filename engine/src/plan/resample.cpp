// SPDX-License-Identifier: Apache-2.0
#include "plan/resample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/checked.h"

namespace vitq {
namespace {

// One new place along an axis: the old ones that it is made of, and their weights.
struct Taps {
  std::array<std::int64_t, 4> from = {};
  std::array<double, 4> weight = {};
};

// R. G. Keys' cubic convolution. PyTorch has a = -0.75 where it does not smooth.
double cubic(double distance) {
  constexpr double kA = -0.75;
  const double d = std::abs(distance);
  if (d <= 1.0) return ((kA + 2.0) * d - (kA + 3.0)) * d * d + 1.0;
  return d < 2.0 ? ((kA * d - 5.0 * kA) * d + 8.0 * kA) * d - 4.0 * kA : 0.0;
}

// Centres of pixels are halves. Beyond the edge there is what is at the edge.
std::vector<Taps> taps_of(std::int64_t from, std::int64_t to) {
  std::vector<Taps> all(static_cast<std::size_t>(to));
  const double ratio = static_cast<double>(from) / static_cast<double>(to);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double centre = ratio * (static_cast<double>(i) + 0.5) - 0.5;
    const auto first = static_cast<std::int64_t>(std::floor(centre)) - 1;
    for (std::size_t tap = 0; tap < all[i].from.size(); ++tap) {
      const std::int64_t place = first + static_cast<std::int64_t>(tap);
      all[i].weight[tap] = cubic(static_cast<double>(place) - centre);
      all[i].from[tap] = std::clamp<std::int64_t>(place, 0, from - 1);
    }
  }
  return all;
}

// A grid is [lines, places, n], of which the places are made anew.
struct GridAxis {
  std::int64_t lines, from, to, n;
};

std::vector<double> along(const std::vector<double>& grid, const GridAxis& axis) {
  const std::vector<Taps> taps = taps_of(axis.from, axis.to);
  std::vector<double> made(static_cast<std::size_t>(axis.lines * axis.to * axis.n), 0.0);
  double* out = made.data();
  for (std::int64_t line = 0; line < axis.lines; ++line) {
    for (const Taps& place : taps) {
      for (std::size_t tap = 0; tap < place.from.size(); ++tap) {
        const double* in = grid.data() + (line * axis.from + place.from[tap]) * axis.n;
        for (std::int64_t c = 0; c < axis.n; ++c) out[c] += place.weight[tap] * in[c];
      }
      out += axis.n;
    }
  }
  return made;
}

}  // namespace

Tensor resampled(const Tensor& x, const op::Resample& grid) {
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
    values = along(values, {grid.from_height, grid.from_width, grid.width, n});
    values = along(values, {1, grid.from_height, grid.height, grid.width * n});
    for (const double value : values) *out++ = static_cast<float>(value);
    in += from * n;
    out = std::copy_n(in, (rest - grid.begin) * n, out);
    in += (rest - grid.begin) * n;
  }
  return result;
}

}  // namespace vitq
