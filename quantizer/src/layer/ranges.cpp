// SPDX-License-Identifier: Apache-2.0
#include "layer/ranges.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "vitq/error.h"
#include "vitq/quant.h"

namespace vitq {
namespace {

double wide(float x) {
  return static_cast<double>(x);
}

double largest(const Histogram& h) {
  return std::max(std::fabs(wide(h.min())), std::fabs(wide(h.max())));
}

int steps_of(CodeKind kind) {
  return kind.codes == Codes::kFree ? max_code(kind.bits) : 2 * max_weight_code(kind.bits);
}

// Gives the value that `rank` of the values lie below.
double quantile(const Histogram& h, double rank) {
  double below = 0.0;
  for (std::size_t b = 0; b < h.counts().size(); ++b) {
    const auto count = static_cast<double>(h.counts()[b]);
    if (count > 0.0 && below + count >= rank) {
      const double value = h.edge(b) + h.width() * (rank - below) / count;
      return std::clamp(value, wide(h.min()), wide(h.max()));
    }
    below += count;
  }
  return wide(h.max());
}

// Rounds to codes that stand for lo, lo + step, ..., lo + top * step.
class Rounding {
 public:
  Rounding(Interval range, int top)
      : lo_(range.lo), step_((range.hi - range.lo) / top), top_(static_cast<double>(top)) {}

  // Gives an antiderivative of the squared error at x: the whole cells below, and the part of x's
  // cell.
  double integral(double x) const {
    const double code = std::clamp(std::floor((x - lo_) / step_ + 0.5), 0.0, top_);
    const double error = x - lo_ - code * step_;
    return code * cube(step_) / 12.0 + cube(error) / 3.0;
  }

 private:
  static double cube(double x) { return x * x * x; }

  double lo_;
  double step_;
  double top_;
};

// The ends that mse_range may choose are these factors of the way from the median to the extreme.
constexpr int kShrinks = 128;
double shrink(int i) {
  constexpr double kRatio = 0.97;
  return std::pow(kRatio, i);
}

// Tries every end between the median and the extreme and keeps the best.
class EndSearch {
 public:
  EndSearch(const Histogram& h, CodeKind kind)
      : h_(h), kind_(kind), best_(min_max_range(h, kind)), error_(squared_error(h, best_, kind)) {}

  Interval run() {
    const Interval outer = best_;
    const double middle = kind_.codes == Codes::kSymmetric
                              ? 0.0
                              : quantile(h_, static_cast<double>(h_.total()) / 2.0);
    const auto end = [&](double extreme, int i) { return middle + (extreme - middle) * shrink(i); };
    for (int i = 1; i < kShrinks; ++i) offer({end(outer.lo, i), end(outer.hi, i)});
    if (kind_.codes == Codes::kSymmetric) return best_;
    constexpr int kSweeps = 2;
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (int i = 0; i < kShrinks; ++i) offer({best_.lo, end(outer.hi, i)});
      for (int i = 0; i < kShrinks; ++i) offer({end(outer.lo, i), best_.hi});
    }
    return best_;
  }

 private:
  void offer(Interval range) {
    if (!(range.hi > range.lo)) return;
    const double error = squared_error(h_, range, kind_);
    if (error >= error_) return;
    best_ = range;
    error_ = error;
  }

  const Histogram& h_;
  CodeKind kind_;
  Interval best_;
  double error_;
};

// Gives the bins of magnitudes from zero on. Values that lie close together far from zero have
// none, as all of them would share the last of any levels.
std::vector<double> magnitude_bins(const Histogram& h) {
  constexpr double kMaxEmpty = 1 << 14;
  const Histogram magnitudes = h.magnitudes();
  const double skipped = std::round(magnitudes.edge(0) / magnitudes.width());
  if (skipped > kMaxEmpty) return {};
  std::vector<double> bins(static_cast<std::size_t>(skipped), 0.0);
  for (const std::uint64_t count : magnitudes.counts()) bins.push_back(static_cast<double>(count));
  return bins;
}

double total(std::span<const double> bins, double before) {
  return std::accumulate(bins.begin(), bins.end(), before);
}

// Gives KL(P || Q) of entropy_range for the first `used` bins. It is infinite where Q has no mass
// but P has.
double divergence(std::span<const double> bins, std::size_t used, std::size_t levels) {
  const double inside = total(bins.first(used), 0.0);
  const double all = total(bins.subspan(used), inside);
  if (inside == 0.0) return HUGE_VAL;
  double kl = 0.0;
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t begin = level * used / levels;
    const std::span<const double> merged = bins.subspan(begin, (level + 1) * used / levels - begin);
    const double sum = total(merged, 0.0);
    const auto empty = std::count(merged.begin(), merged.end(), 0.0);
    const double full = static_cast<double>(merged.size()) - static_cast<double>(empty);
    for (std::size_t i = 0; i < merged.size(); ++i) {
      const double p = (merged[i] + (begin + i + 1 == used ? all - inside : 0.0)) / all;
      if (p > 0.0 && merged[i] == 0.0) return HUGE_VAL;
      if (p > 0.0) kl += p * std::log(p * inside * full / sum);
    }
  }
  return kl;
}

}  // namespace

Interval min_max_range(const Histogram& h, CodeKind kind) {
  if (kind.codes == Codes::kSymmetric) return {-largest(h), largest(h)};
  return {wide(h.min()), wide(h.max())};
}

Interval percentile_range(const Histogram& h, CodeKind kind, double percent) {
  if (!(percent > 0.0 && percent <= 100.0)) {
    throw Error("a percentile lies above 0 and at most at 100");
  }
  const auto total = static_cast<double>(h.total());
  if (kind.codes == Codes::kSymmetric) {
    const double end = quantile(h.magnitudes(), total * percent / 100.0);
    return {-end, end};
  }
  const double cut = total * (100.0 - percent) / 200.0;
  return {quantile(h, cut), quantile(h, total - cut)};
}

double squared_error(const Histogram& h, Interval range, CodeKind kind) {
  if (!(range.hi > range.lo)) return 0.0;
  const Rounding rounding(range, steps_of(kind));
  double sum = 0.0;
  double left = rounding.integral(h.edge(0));
  for (std::size_t b = 0; b < h.counts().size(); ++b) {
    const double right = rounding.integral(h.edge(b + 1));
    sum += static_cast<double>(h.counts()[b]) * (right - left);
    left = right;
  }
  return sum / h.width();
}

Interval mse_range(const Histogram& h, CodeKind kind) {
  return EndSearch(h, kind).run();
}

Interval entropy_range(const Histogram& h, CodeKind kind) {
  const std::vector<double> bins = magnitude_bins(h);
  const std::size_t levels = std::size_t{1} << static_cast<unsigned>(kind.bits - 1);
  double min = HUGE_VAL;
  double end = largest(h);
  for (std::size_t used = levels; used <= bins.size(); ++used) {
    const double kl = divergence(bins, used, levels);
    if (kl >= min) continue;
    min = kl;
    end = std::min(static_cast<double>(used) * h.width(), largest(h));
  }
  if (kind.codes == Codes::kSymmetric) return {-end, end};
  return {std::max(-end, wide(h.min())), std::min(end, wide(h.max()))};
}

}  // namespace vitq
