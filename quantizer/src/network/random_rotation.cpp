// SPDX-License-Identifier: Apache-2.0
#include "network/random_rotation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "vitq/graph.h"

namespace vitq {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::int64_t kFewest = 4;  // rotations of fewer channels hardly mix them

using Row = std::vector<double>;
using Rows = std::vector<Row>;

double dot(const Row& a, const Row& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Takes from the row what lies along the others. A second pass makes up for what the first rounds.
void take_off(const Rows& others, Row& row) {
  for (const Row& other : others) {
    const double share = dot(row, other);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] -= share * other[i];
  }
}

// An orthonormal basis, by Gram and Schmidt of random rows behind the row of ones.
Rows random_basis(std::size_t size, Random& random) {
  Rows basis = {Row(size, 1.0 / std::sqrt(static_cast<double>(size)))};
  while (basis.size() < size) {
    Row row(size);
    for (double& v : row) v = static_cast<double>(random.below(2'000'001) - 1'000'000);
    take_off(basis, row);
    take_off(basis, row);
    const double length = std::sqrt(dot(row, row));
    for (double& v : row) v /= length;
    basis.push_back(std::move(row));
  }
  return basis;
}

// Takes one random basis to another one. Both have the row of ones, so that it stays where it is.
Rows random_rotation(std::size_t size, Random& random) {
  const Rows from = random_basis(size, random);
  const Rows to = random_basis(size, random);
  Rows rotation(size, Row(size, 0.0));
  for (std::size_t k = 0; k < size; ++k) {
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) rotation[i][j] += to[k][i] * from[k][j];
    }
  }
  return rotation;
}

}  // namespace

RandomRotation::RandomRotation(std::int64_t width) : order_(at(width)), shuffled_(at(width)) {
  auto small = static_cast<std::int64_t>(std::sqrt(static_cast<double>(width)));
  while (width % small != 0) --small;
  if (small < kFewest) small = 1;
  Random random(kSeed);
  left_ = random_rotation(at(small), random);
  right_ = random_rotation(at(width / small), random);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  for (std::int64_t i = width - 1; i > 0; --i) {
    std::swap(order_[at(i)], order_[at(random.below(i + 1))]);
  }
}

// Of one row, whose channels lie `step` apart.
void RandomRotation::apply(std::span<float> values, std::size_t step) {
  const std::size_t wide = right_.size();
  for (std::size_t i = 0; i < order_.size(); ++i) {
    shuffled_[i] = static_cast<double>(values[order_[i] * step]);
  }
  Rows parts;
  for (std::size_t p = 0; p < left_.size(); ++p) {
    const auto part = shuffled_.begin() + static_cast<std::ptrdiff_t>(p * wide);
    Row& turned = parts.emplace_back(wide);
    std::ranges::transform(right_, turned.begin(), [&](const Row& row) {
      return std::inner_product(row.begin(), row.end(), part, 0.0);
    });
  }
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const Row& row = left_[i / wide];
    double sum = 0.0;
    for (std::size_t p = 0; p < parts.size(); ++p) sum += row[p] * parts[p][i % wide];
    values[i * step] = static_cast<float>(sum);
  }
}

void RandomRotation::apply_to_rows(std::span<float> values) {
  const std::size_t width = order_.size();
  for (std::size_t i = 0; i < values.size(); i += width) apply(values.subspan(i, width), 1);
}

void RandomRotation::apply_to_columns(std::span<float> values) {
  const std::size_t columns = values.size() / order_.size();
  for (std::size_t c = 0; c < columns; ++c) apply(values.subspan(c), columns);
}

}  // namespace vitq
