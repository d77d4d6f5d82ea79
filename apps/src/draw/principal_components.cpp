// SPDX-License-Identifier: Apache-2.0
// Simultaneous iteration with Rayleigh-Ritz projections (G. H. Golub and C. F. Van Loan, Matrix
// Computations, section 8.2.4). A few axes more than are wanted make the wanted ones settle fast.
#include "draw/principal_components.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace vitq::apps {

namespace {

// A matrix of doubles, row by row.
struct Grid {
  Grid(std::size_t height, std::size_t width) : rows(height), cols(width), values(height * width) {}
  double& operator()(std::size_t row, std::size_t col) { return values[row * cols + col]; }
  double operator()(std::size_t row, std::size_t col) const { return values[row * cols + col]; }

  std::size_t rows;
  std::size_t cols;
  std::vector<double> values;
};

Grid centred(std::span<const float> values, std::size_t width) {
  Grid grid(values.size() / width, width);
  std::vector<double> mean(width);
  for (std::size_t i = 0; i < values.size(); ++i) {
    mean[i % width] += static_cast<double>(values[i]) / static_cast<double>(grid.rows);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    grid.values[i] = static_cast<double>(values[i]) - mean[i % width];
  }
  return grid;
}

// a b
Grid product(const Grid& a, const Grid& b) {
  Grid result(a.rows, b.cols);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t k = 0; k < a.cols; ++k) {
      for (std::size_t j = 0; j < b.cols; ++j) result(i, j) += a(i, k) * b(k, j);
    }
  }
  return result;
}

// a^T b
Grid transposed_product(const Grid& a, const Grid& b) {
  Grid result(a.cols, b.cols);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t k = 0; k < a.cols; ++k) {
      for (std::size_t j = 0; j < b.cols; ++j) result(k, j) += a(i, k) * b(i, j);
    }
  }
  return result;
}

double column_product(const Grid& a, std::size_t i, std::size_t j) {
  double sum = 0.0;
  for (std::size_t row = 0; row < a.rows; ++row) sum += a(row, i) * a(row, j);
  return sum;
}

// Takes from column j what lies along the columns before it, which are orthonormal or 0.
void project_out(Grid& a, std::size_t j) {
  for (std::size_t i = 0; i < j; ++i) {
    const double share = column_product(a, i, j);
    for (std::size_t row = 0; row < a.rows; ++row) a(row, j) -= share * a(row, i);
  }
}

// Makes the columns orthonormal, in their order and twice over, as rounding asks for. One that lies
// in the span of those before it becomes 0.
void orthonormalize(Grid& a) {
  constexpr double kNothingLeft = 1e-10;
  for (std::size_t j = 0; j < a.cols; ++j) {
    const double before = std::sqrt(column_product(a, j, j));
    project_out(a, j);
    project_out(a, j);
    const double length = std::sqrt(column_product(a, j, j));
    const double factor = length > kNothingLeft * before ? 1.0 / length : 0.0;
    for (std::size_t row = 0; row < a.rows; ++row) a(row, j) *= factor;
  }
}

// One rotation of Jacobi's method, which makes s(p, q) zero.
void rotate(Grid& s, Grid& vectors, std::size_t p, std::size_t q) {
  if (s(p, q) == 0.0) return;
  const double theta = (s(q, q) - s(p, p)) / (2.0 * s(p, q));
  const double t = (theta >= 0.0 ? 1.0 : -1.0) / (std::abs(theta) + std::sqrt(theta * theta + 1.0));
  const double cosine = 1.0 / std::sqrt(t * t + 1.0);
  const double sine = t * cosine;
  const auto turn = [cosine, sine](double& a, double& b) {
    const double old = a;
    a = cosine * old - sine * b;
    b = sine * old + cosine * b;
  };
  for (std::size_t i = 0; i < s.rows; ++i) turn(s(i, p), s(i, q));
  for (std::size_t i = 0; i < s.rows; ++i) turn(s(p, i), s(q, i));
  for (std::size_t i = 0; i < s.rows; ++i) turn(vectors(i, p), vectors(i, q));
}

// The eigenvectors of a small symmetric matrix as columns, and their eigenvalues, falling.
struct Eigenpairs {
  Grid vectors;
  std::vector<double> values;
};

Eigenpairs eigenpairs_of(Grid s) {
  constexpr int kSweeps = 30;  // far more than a matrix of this size takes
  const std::size_t n = s.rows;
  Grid vectors(n, n);
  for (std::size_t i = 0; i < n; ++i) vectors(i, i) = 1.0;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) rotate(s, vectors, p, q);
    }
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&s](std::size_t a, std::size_t b) { return s(a, a) > s(b, b); });
  Eigenpairs result = {Grid(n, n), {}};
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i < n; ++i) result.vectors(i, j) = vectors(i, order[j]);
    result.values.push_back(s(order[j], order[j]));
  }
  return result;
}

Grid first_axes(std::size_t width, std::size_t count) {
  Grid axes(width, count);
  std::minstd_rand random(1);
  for (double& value : axes.values) value = static_cast<double>(random() % 2001) / 1000.0 - 1.0;
  orthonormalize(axes);
  return axes;
}

bool settled(const std::vector<double>& now, const std::vector<double>& before, std::size_t count) {
  constexpr double kTolerance = 1e-14;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::abs(now[i] - before[i]) > kTolerance * now[0]) return false;
  }
  return true;
}

// Answers the rows along `count` axes, of which the first `wanted` are principal ones.
Grid along_axes(const Grid& rows, std::size_t count, std::size_t wanted) {
  constexpr int kRounds = 100;  // enough for 8 bits of colour where axes hardly differ
  Grid axes = first_axes(rows.cols, count);
  std::vector<double> before(count);
  for (int round = 0;; ++round) {
    const Grid along = product(rows, axes);
    const Eigenpairs ritz = eigenpairs_of(transposed_product(along, along));
    Grid turned = product(along, ritz.vectors);
    if (round == kRounds || settled(ritz.values, before, wanted)) return turned;
    before = ritz.values;
    axes = transposed_product(rows, turned);
    orthonormalize(axes);
  }
}

// The sign of the entry of a column that is furthest from 0.
double sign_of(const Grid& a, std::size_t column) {
  double furthest = 0.0;
  for (std::size_t i = 0; i < a.rows; ++i) {
    if (std::abs(a(i, column)) > std::abs(furthest)) furthest = a(i, column);
  }
  return furthest < 0.0 ? -1.0 : 1.0;
}

}  // namespace

std::vector<double> principal_components(std::span<const float> rows, std::size_t width,
                                         std::size_t components) {
  constexpr std::size_t kMore = 5;
  const std::size_t count = std::min(components + kMore, width);
  const std::size_t wanted = std::min(components, width);
  const Grid along = along_axes(centred(rows, width), count, wanted);
  std::vector<double> result(along.rows * components);
  for (std::size_t j = 0; j < wanted; ++j) {
    const double sign = sign_of(along, j);
    for (std::size_t i = 0; i < along.rows; ++i) result[i * components + j] = sign * along(i, j);
  }
  return result;
}

}  // namespace vitq::apps
