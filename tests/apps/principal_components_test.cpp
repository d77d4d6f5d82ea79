// SPDX-License-Identifier: Apache-2.0
// Principal components of rows whose axes are known, and of random ones against the covariance.
#include "draw/principal_components.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include "draw/component_map.h"

using namespace vitq;
using namespace vitq::apps;

namespace {

constexpr std::size_t kRows = 64;
constexpr std::size_t kWidth = 20;

double wave(std::size_t row, int turns, double height) {
  const double turn = 2.0 * std::numbers::pi * static_cast<double>(row) / kRows;
  return height * std::cos(turns * turn + 0.3);
}

// Three waves, each along an axis of its own, and a mean that is far from zero. The axes are
// columns of the reflection I - 2 h h^T / |h|^2.
std::vector<float> waves(const std::array<double, 3>& heights) {
  std::vector<double> mirror(kWidth);
  double energy = 0.0;
  for (std::size_t c = 0; c < kWidth; ++c) {
    mirror[c] = 1.0 + static_cast<double>(c % 7);
    energy += mirror[c] * mirror[c];
  }
  std::vector<float> rows;
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t c = 0; c < kWidth; ++c) {
      double value = 5.0;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const double unit = c == axis ? 1.0 : 0.0;
        value += wave(r, static_cast<int>(axis) + 1, heights[axis]) *
                 (unit - 2.0 * mirror[c] * mirror[axis] / energy);
      }
      rows.push_back(static_cast<float>(value));
    }
  }
  return rows;
}

std::vector<double> column(const std::vector<double>& components, std::size_t index) {
  std::vector<double> values;
  for (std::size_t i = index; i < components.size(); i += 3) values.push_back(components[i]);
  return values;
}

double product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

std::vector<float> random_rows(std::size_t count, std::size_t width) {
  std::mt19937 random(3);
  std::vector<float> rows(count * width);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double spread = 1.0 / (1.0 + static_cast<double>(i % width));
    rows[i] = static_cast<float>(spread * (static_cast<double>(random() % 2001) / 1000.0 - 1.0));
  }
  return rows;
}

// The squared lengths of the rows along their principal axes, by the power method with deflation on
// the whole covariance.
std::vector<double> energies(const std::vector<float>& rows, std::size_t width) {
  const std::size_t count = rows.size() / width;
  std::vector<double> mean(width);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    mean[i % width] += static_cast<double>(rows[i]) / static_cast<double>(count);
  }
  std::vector<double> covariance(width * width);
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t i = 0; i < width * width; ++i) {
      covariance[i] += (static_cast<double>(rows[r * width + i / width]) - mean[i / width]) *
                       (static_cast<double>(rows[r * width + i % width]) - mean[i % width]);
    }
  }
  std::vector<double> found;
  for (int axis = 0; axis < 3; ++axis) {
    std::vector<double> v(width, 1.0);
    double length = 0.0;
    for (int round = 0; round < 5000; ++round) {
      std::vector<double> next(width);
      for (std::size_t i = 0; i < width * width; ++i)
        next[i / width] += covariance[i] * v[i % width];
      length = std::sqrt(product(next, next));
      for (std::size_t c = 0; c < width; ++c) v[c] = next[c] / length;
    }
    for (std::size_t i = 0; i < width * width; ++i) {
      covariance[i] -= length * v[i / width] * v[i % width];
    }
    found.push_back(length);
  }
  return found;
}

}  // namespace

TEST_CASE("rows that are waves along known axes have these waves as their components") {
  const std::array<double, 3> heights = {1.0, 4.0, 2.0};
  const std::vector<double> found = principal_components(waves(heights), kWidth, 3);
  const std::array<std::size_t, 3> order = {1, 2, 0};  // by falling height
  for (std::size_t i = 0; i < 3; ++i) {
    const std::vector<double> along = column(found, i);
    const int turns = static_cast<int>(order[i]) + 1;
    const double sign = along[0] * wave(0, turns, heights[order[i]]) < 0.0 ? -1.0 : 1.0;
    for (std::size_t r = 0; r < kRows; ++r) {
      CHECK(along[r] == doctest::Approx(sign * wave(r, turns, heights[order[i]])).epsilon(1e-5));
    }
  }
}

TEST_CASE("components do not depend on each other, and hold what the covariance has") {
  const std::vector<float> rows = random_rows(50, 30);
  const std::vector<double> found = principal_components(rows, 30, 3);
  const std::vector<double> expected = energies(rows, 30);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::vector<double> a = column(found, i);
    CHECK(product(a, a) == doctest::Approx(expected[i]).epsilon(1e-9));
    CHECK(*std::max_element(a.begin(), a.end()) >= -*std::min_element(a.begin(), a.end()));
    for (std::size_t j = 0; j < i; ++j) {
      CHECK(std::abs(product(a, column(found, j))) < 1e-6 * expected[i]);
    }
  }
  CHECK(principal_components(rows, 30, 3) == found);
}

TEST_CASE("what does not differ lies at 0, and so does what few axes can hold") {
  const std::vector<float> same(12 * 5, 3.0F);
  for (const double value : principal_components(same, 5, 3)) CHECK(value == 0.0);
  const std::vector<float> line = {0.0F, 0.0F, 1.0F, 2.0F, 2.0F, 4.0F};  // along (1, 2)
  const std::vector<double> found = principal_components(line, 2, 3);
  CHECK(std::abs(found[0]) == doctest::Approx(std::sqrt(5.0)));
  CHECK(found[3] == doctest::Approx(0.0));
  CHECK(found[6] == doctest::Approx(-found[0]));
  for (const std::size_t i : {1U, 2U, 4U, 5U, 7U, 8U}) CHECK(std::abs(found[i]) < 1e-12);
  CHECK(found[0] > 0.0);  // of two that are equally far, the first
}

TEST_CASE("patches of two kinds get two colours over the image, whatever the token's length") {
  Tensor tokens({1, 4, 4, 6}, DType::kF32);
  for (std::size_t i = 0; i < 16; ++i) tokens.as<float>()[6 * i + 2] = i % 4 < 2 ? -3.0F : 3.0F;
  Image image = make_image(32, 32);
  std::fill(image.rgb.begin(), image.rgb.end(), std::uint8_t{100});
  const Preprocess preprocess = {.height = 16, .width = 16};
  const Image map = component_map(tokens, image, preprocess);
  CHECK(map.width == 640);
  CHECK(map.height == 640);
  const std::uint8_t* left = map.row(320) + std::size_t{3} * 20;
  const std::uint8_t* right = map.row(320) + std::size_t{3} * 620;
  CHECK(std::abs(left[0] - right[0]) == 191);  // of the first component: 0.75 * 255
  CHECK(left[1] == right[1]);
  CHECK(left[2] == right[2]);
  CHECK(component_map(tokens, image, preprocess).rgb == map.rgb);
}
