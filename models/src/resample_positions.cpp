// SPDX-License-Identifier: Apache-2.0
#include "resample_positions.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "vitq/graph.h"

namespace vitq {
namespace {

// The sources of one element of the result along an axis.
struct Taps {
  std::vector<std::int64_t> index;
  std::vector<double> weight;
};

// Keys' cubic convolution. Pillow has a = -0.5, and torch has -0.75 where it does not antialias.
double cubic(double x, double a) {
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  return x < 2.0 ? ((x - 5.0) * x + 8.0) * x * a - 4.0 * a : 0.0;
}

// upsample_bicubic2d: four taps; those outside repeat the edge.
Taps plain_taps(std::int64_t i, std::int64_t from, std::int64_t to) {
  const double centre =
      (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
  const double first = std::floor(centre);
  Taps taps;
  for (int tap = -1; tap <= 2; ++tap) {
    const double at = first + tap;
    taps.index.push_back(std::clamp(static_cast<std::int64_t>(at), std::int64_t{0}, from - 1));
    taps.weight.push_back(cubic(centre - at, -0.75));
  }
  return taps;
}

// _upsample_bicubic2d_aa: the kernel is widened where the grid shrinks, and cut off at the edges.
Taps antialiased_taps(std::int64_t i, std::int64_t from, std::int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double widening = std::max(scale, 1.0);
  const double support = 2.0 * widening;
  const double centre = scale * (static_cast<double>(i) + 0.5);
  const auto begin = std::max(static_cast<std::int64_t>(centre - support + 0.5), std::int64_t{0});
  const auto end = std::min(static_cast<std::int64_t>(centre + support + 0.5), from);
  Taps taps;
  double sum = 0.0;
  for (std::int64_t at = begin; at < end; ++at) {
    taps.index.push_back(at);
    taps.weight.push_back(cubic((static_cast<double>(at) - centre + 0.5) / widening, -0.5));
    sum += taps.weight.back();
  }
  for (double& weight : taps.weight) weight /= sum;
  return taps;
}

std::vector<Taps> taps_of(std::int64_t from, std::int64_t to, Resampling how) {
  std::vector<Taps> all;
  for (std::int64_t i = 0; i < to; ++i) {
    all.push_back(how == Resampling::kAntialiased ? antialiased_taps(i, from, to)
                                                  : plain_taps(i, from, to));
  }
  return all;
}

}  // namespace

Tensor resample_positions(const Tensor& positions, Grid from, Grid to, Resampling how) {
  const std::int64_t channels = positions.shape()[2];
  const std::int64_t prefix = positions.shape()[1] - from.rows * from.columns;
  const Tensor source = positions.to_f32();
  Tensor result({1, prefix + to.rows * to.columns, channels}, DType::kF32);
  const std::span<const float> in = source.as<float>();
  const std::span<float> out = result.as<float>();
  std::copy_n(in.begin(), prefix * channels, out.begin());
  const std::vector<Taps> rows = taps_of(from.rows, to.rows, how);
  const std::vector<Taps> columns = taps_of(from.columns, to.columns, how);
  std::vector<double> sums(at(channels));
  for (std::int64_t cell = 0; cell < to.rows * to.columns; ++cell) {
    const Taps& row = rows[at(cell / to.columns)];
    const Taps& column = columns[at(cell % to.columns)];
    std::ranges::fill(sums, 0.0);
    for (std::size_t y = 0; y < row.index.size(); ++y) {
      for (std::size_t x = 0; x < column.index.size(); ++x) {
        const double weight = row.weight[y] * column.weight[x];
        const std::int64_t place = prefix + row.index[y] * from.columns + column.index[x];
        const auto values = in.subspan(at(place * channels), at(channels));
        for (std::size_t c = 0; c < sums.size(); ++c)
          sums[c] += weight * static_cast<double>(values[c]);
      }
    }
    std::ranges::transform(sums, out.begin() + (prefix + cell) * channels,
                           [](double sum) { return static_cast<float>(sum); });
  }
  return result;
}

}  // namespace vitq
