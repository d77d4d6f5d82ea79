// SPDX-License-Identifier: Apache-2.0
// What row kernels should compute, in double precision and with the C library's functions: the
// judge of the kernels, with which it shares no code.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace oracle {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

inline double wide(float x) {
  return static_cast<double>(x);
}

struct Moments {
  double mean = 0;
  double variance = 0;  // biased
};

inline Moments moments(const Floats& x) {
  Moments m;
  const auto n = static_cast<double>(x.size());
  for (const float v : x) m.mean += wide(v) / n;
  for (const float v : x) m.variance += (wide(v) - m.mean) * (wide(v) - m.mean) / n;
  return m;
}

inline Doubles layer_norm(const Floats& x, const Floats& gamma, const Floats& beta, float eps) {
  const Moments m = moments(x);
  Doubles y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double normal = (wide(x[i]) - m.mean) / std::sqrt(m.variance + wide(eps));
    y.push_back(normal * wide(gamma[i]) + wide(beta[i]));
  }
  return y;
}

// exp(scale * x - max), whose greatest element is 1.
inline Doubles peak_exp(const Floats& x, float scale) {
  Doubles e;
  for (const float v : x) e.push_back(wide(v) * wide(scale));
  const double peak = *std::max_element(e.begin(), e.end());
  for (double& v : e) v = std::exp(v - peak);
  return e;
}

inline double sum(const Doubles& x) {
  double total = 0;
  for (const double v : x) total += v;
  return total;
}

inline Doubles softmax(const Floats& x, float scale) {
  Doubles y = peak_exp(x, scale);
  const double total = sum(y);
  for (double& v : y) v /= total;
  return y;
}

inline double gelu(float x) {
  return 0.5 * wide(x) * (1.0 + std::erf(wide(x) / std::sqrt(2.0)));
}

// The definition of a code: f32 arithmetic, clamped, to the nearest integer, ties to even.
inline int code(float scaled, float low, float top) {
  return static_cast<int>(std::nearbyint(std::clamp(scaled, low, top)));
}

// A sum as the project defines it: 16 lanes, then the tree 8, 4, 2, 1.
inline float lane_sum(const Floats& x) {
  Floats lanes(16, 0.0F);
  for (std::size_t i = 0; i < x.size(); ++i) lanes[i % 16] += x[i];
  while (lanes.size() > 1) {
    const std::size_t half = lanes.size() / 2;
    for (std::size_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    lanes.resize(half);
  }
  return lanes[0];
}

}  // namespace oracle
