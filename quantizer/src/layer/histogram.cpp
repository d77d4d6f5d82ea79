// SPDX-License-Identifier: Apache-2.0
#include "layer/histogram.h"

#include <algorithm>
#include <cmath>

#include "vitq/error.h"

namespace vitq {
namespace {

constexpr int kMaxShift = 63;  // of a signed 64-bit integer

// Gives the bin of the grid of width 2^exponent that holds v. It is exact, as the scaling only
// moves the exponent.
std::int64_t grid_bin(float v, int exponent) {
  return static_cast<std::int64_t>(std::floor(std::ldexp(static_cast<double>(v), -exponent)));
}

// Gives the finest width with which [lo, hi] fits into `limit` bins. It only grows with the range,
// so that the result does not depend on the order of the values. Widths below 2^-40 of the largest
// magnitude would overflow the index of a bin far from zero.
int finest_exponent(float lo, float hi, int limit) {
  constexpr int kIndexBits = 40;
  constexpr int kSmallestFloat = -149;
  const float far = std::max(std::fabs(lo), std::fabs(hi));
  int exponent =
      far > 0.0F ? std::max(std::ilogb(far) - kIndexBits, kSmallestFloat) : kSmallestFloat;
  while (grid_bin(hi, exponent) - grid_bin(lo, exponent) >= limit) ++exponent;
  return exponent;
}

}  // namespace

double Histogram::width() const {
  return std::ldexp(1.0, exponent_);
}

double Histogram::edge(std::size_t bin) const {
  return std::ldexp(static_cast<double>(first_ + static_cast<std::int64_t>(bin)), exponent_);
}

void Histogram::add(std::span<const float> values) {
  if (values.empty()) return;
  float lo = values[0];
  float hi = values[0];
  for (const float v : values) {
    if (!std::isfinite(v)) throw Error("a value to be quantized is not finite");
    lo = std::min(lo, v);
    hi = std::max(hi, v);
  }
  cover(lo, hi);
  const double inverse = std::ldexp(1.0, -exponent_);
  for (const float v : values) {
    const double position = static_cast<double>(v) * inverse;
    const auto toward_zero = static_cast<std::int64_t>(position);
    const bool below = position < static_cast<double>(toward_zero);
    ++counts_[static_cast<std::size_t>(toward_zero - (below ? 1 : 0) - first_)];
  }
  total_ += values.size();
}

void Histogram::add(const Histogram& other) {
  if (other.total_ == 0) return;
  cover(other.min_, other.max_);
  const int shift = std::min(exponent_ - other.exponent_, kMaxShift);
  for (std::size_t b = 0; b < other.counts_.size(); ++b) {
    const std::int64_t bin = (other.first_ + static_cast<std::int64_t>(b)) >> shift;
    counts_[static_cast<std::size_t>(bin - first_)] += other.counts_[b];
  }
  total_ += other.total_;
}

void Histogram::cover(float lo, float hi) {
  if (total_ > 0) {
    lo = std::min(lo, min_);
    hi = std::max(hi, max_);
    if (lo == min_ && hi == max_) return;
  }
  min_ = lo;
  max_ = hi;
  rescale(finest_exponent(lo, hi, limit_));
}

void Histogram::rescale(int exponent) {
  const std::int64_t first = grid_bin(min_, exponent);
  const std::int64_t bins = grid_bin(max_, exponent) - first + 1;
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(bins), 0);
  const int shift = std::min(exponent - exponent_, kMaxShift);
  for (std::size_t b = 0; b < counts_.size() && total_ > 0; ++b) {
    const std::int64_t bin = (first_ + static_cast<std::int64_t>(b)) >> shift;
    counts[static_cast<std::size_t>(bin - first)] += counts_[b];
  }
  exponent_ = exponent;
  first_ = first;
  counts_ = std::move(counts);
}

Histogram Histogram::magnitudes() const {
  Histogram mirrored(limit_);
  mirrored.exponent_ = exponent_;
  mirrored.total_ = total_;
  if (total_ == 0) return mirrored;
  const bool spans_zero = min_ <= 0.0F && max_ >= 0.0F;
  mirrored.max_ = std::max(std::fabs(min_), std::fabs(max_));
  mirrored.min_ = spans_zero ? 0.0F : std::min(std::fabs(min_), std::fabs(max_));
  // The bin [k, k + 1) of negative values becomes [-k - 1, -k).
  const auto mirror = [](std::int64_t bin) { return bin < 0 ? -bin - 1 : bin; };
  const std::int64_t last = first_ + static_cast<std::int64_t>(counts_.size()) - 1;
  mirrored.first_ = spans_zero ? 0 : std::min(mirror(first_), mirror(last));
  const std::int64_t top = std::max(mirror(first_), mirror(last));
  mirrored.counts_.assign(static_cast<std::size_t>(top - mirrored.first_ + 1), 0);
  for (std::size_t b = 0; b < counts_.size(); ++b) {
    const std::int64_t bin = mirror(first_ + static_cast<std::int64_t>(b));
    mirrored.counts_[static_cast<std::size_t>(bin - mirrored.first_)] += counts_[b];
  }
  return mirrored;
}

}  // namespace vitq
