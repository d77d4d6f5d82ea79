// SPDX-License-Identifier: Apache-2.0
// Pillow's filters and its weights in fixed point (src/libImaging/Resample.c, precompute_coeffs).
#include "vision/resize_axis.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace vitq {
namespace {

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

void append_weight(ResizeAxis& axis, std::int32_t weight) {
  constexpr int kBits = 16;
  const std::int32_t high = (weight + (1 << (kBits - 1))) >> kBits;
  axis.weights.push_back(weight);
  axis.high.push_back(static_cast<std::int16_t>(high));
  axis.low.push_back(static_cast<std::int16_t>(weight - high * (1 << kBits)));
}

// One output: inputs from `first` on by these weights, brought to a sum of 1.
void append(ResizeAxis& axis, int first, const std::vector<double>& weights) {
  axis.taps.push_back({first, static_cast<int>(weights.size()), axis.weights.size()});
  double total = 0.0;
  for (const double weight : weights) total += weight;
  for (const double weight : weights) {
    const double scaled = (total != 0.0 ? weight / total : weight) * (1 << kWeightBits);
    append_weight(axis, static_cast<std::int32_t>(scaled + (weight < 0 ? -0.5 : 0.5)));
  }
  while (axis.weights.size() % kTapGroup != 0) append_weight(axis, 0);
}

// One pixel each. Positions are summed up as Pillow does it, because their rounding shows.
void append_nearest(ResizeAxis& axis, double scale, const Extent& outputs) {
  double position = 0.5 * scale;
  for (int i = 0; i < outputs.begin + outputs.count; ++i, position += scale) {
    if (i >= outputs.begin) append(axis, static_cast<int>(position), {1.0});
  }
}

void append_filtered(ResizeAxis& axis, int in, double scale, const FilterKernel& kernel,
                     const Extent& outputs) {
  const double stretch = std::max(scale, 1.0);
  const double support = kernel.support * stretch;
  std::vector<double> weights;
  for (int i = outputs.begin; i < outputs.begin + outputs.count; ++i) {
    const double centre = (i + 0.5) * scale;
    // NOLINTBEGIN(bugprone-incorrect-roundings): as Pillow rounds
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int last = std::min(in, static_cast<int>(centre + support + 0.5));
    // NOLINTEND(bugprone-incorrect-roundings)
    weights.clear();
    for (int x = 0; x < last - first; ++x) {
      weights.push_back(kernel.weight((x + first - centre + 0.5) * (1.0 / stretch)));
    }
    append(axis, first, weights);
  }
}

}  // namespace

ResizeAxis make_resize_axis(int in, int out, Filter filter, const Extent& outputs) {
  ResizeAxis axis;
  axis.kept = in == out;
  axis.inputs = outputs;
  if (axis.kept) return axis;
  const FilterKernel kernel = kernel_of(filter);
  const double scale = static_cast<double>(in) / out;
  if (kernel.weight == nullptr) {
    append_nearest(axis, scale, outputs);
  } else {
    append_filtered(axis, in, scale, kernel, outputs);
  }
  // Both ends of the taps rise with the outputs.
  const int begin = axis.taps.front().first;
  axis.inputs = {begin, axis.taps.back().first + axis.taps.back().count - begin};
  for (ResizeTaps& taps : axis.taps) taps.first -= begin;
  return axis;
}

}  // namespace vitq
