// SPDX-License-Identifier: Apache-2.0
// The algebra of views against the element numbers that a dense array really has.
#include "plan/views.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>

using namespace vitq;

namespace {

using Numbers = std::vector<std::int64_t>;

// The places of a view's elements, row-major, by counting through all indices.
Numbers places(const View& view) {
  Numbers result;
  const int rank = view.dims.rank();
  Numbers at(static_cast<std::size_t>(rank), 0);
  for (std::int64_t i = 0; i < view.dims.elements(); ++i) {
    std::int64_t rest = i;
    std::int64_t place = view.offset;
    for (int axis = rank - 1; axis >= 0; --axis) {
      place += rest % view.dims[axis] * view.strides[static_cast<std::size_t>(axis)];
      rest /= view.dims[axis];
    }
    result.push_back(place);
  }
  return result;
}

std::int64_t pick(std::mt19937& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

Shape random_shape(std::mt19937& random) {
  std::vector<std::int64_t> dims(static_cast<std::size_t>(pick(random, 1, 5)));
  for (std::int64_t& dim : dims) dim = pick(random, 1, 4);
  return Shape(std::span<const std::int64_t>(dims));
}

std::vector<int> random_order(std::mt19937& random, int rank) {
  std::vector<int> order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

// A view that has been permuted and sliced a few times.
View random_view(std::mt19937& random) {
  View view = dense_view(0, random_shape(random), DType::kF32);
  for (int i = 0; i < 2; ++i) {
    view = permuted(view, random_order(random, view.dims.rank()));
    const int axis = static_cast<int>(pick(random, 0, view.dims.rank() - 1));
    const std::int64_t begin = pick(random, 0, view.dims[axis] - 1);
    view = sliced(view, axis, begin, pick(random, begin + 1, view.dims[axis]));
  }
  return view;
}

// Some other shape of as many elements.
Shape random_split(std::mt19937& random, std::int64_t elements) {
  std::vector<std::int64_t> dims;
  while (dims.size() < 6 && elements > 1) {
    std::int64_t part = pick(random, 1, elements);
    while (elements % part != 0) --part;
    dims.push_back(part);
    elements /= part;
  }
  dims.push_back(elements);
  return Shape(std::span<const std::int64_t>(dims));
}

template <typename Body>
void for_seeds(unsigned count, const Body& body) {
  for (unsigned seed = 0; seed < count; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    body(random);
  }
}

}  // namespace

TEST_CASE("permuting and slicing pick the elements that indices say") {
  for_seeds(100, [](std::mt19937& random) {
    const View view = dense_view(0, random_shape(random), DType::kF32);
    const std::vector<int> order = random_order(random, view.dims.rank());
    const View turned = permuted(view, order);
    const int axis = static_cast<int>(pick(random, 0, turned.dims.rank() - 1));
    const std::int64_t begin = pick(random, 0, turned.dims[axis] - 1);
    const View part = sliced(turned, axis, begin, turned.dims[axis]);
    Numbers expected;
    for (std::int64_t i = 0; i < part.dims.elements(); ++i) {
      Numbers at(order.size(), 0);
      std::int64_t rest = i;
      for (int a = part.dims.rank() - 1; a >= 0; --a) {
        const std::int64_t index = rest % part.dims[a] + (a == axis ? begin : 0);
        at[static_cast<std::size_t>(order[static_cast<std::size_t>(a)])] = index;
        rest /= part.dims[a];
      }
      std::int64_t place = 0;
      for (std::size_t a = 0; a < at.size(); ++a) {
        place = place * view.dims[static_cast<int>(a)] + at[a];
      }
      expected.push_back(place);
    }
    CHECK(places(part) == expected);
  });
}

TEST_CASE("a reshaped view has the same elements in the same order") {
  int done = 0;
  for_seeds(400, [&done](std::mt19937& random) {
    const View view = random_view(random);
    const std::optional<View> other = reshaped(view, random_split(random, view.dims.elements()));
    if (!other) return;
    ++done;
    CHECK(places(*other) == places(view));
  });
  CHECK(done > 100);
}

TEST_CASE("dense views take every shape, and strided ones none that would need a copy") {
  for_seeds(50, [](std::mt19937& random) {
    const View view = dense_view(0, random_shape(random), DType::kF32);
    CHECK(is_dense(view));
    CHECK(reshaped(view, random_split(random, view.dims.elements())).has_value());
  });
  const View turned = permuted(dense_view(0, {3, 4}, DType::kF32), std::vector<int>{1, 0});
  CHECK_FALSE(is_dense(turned));
  CHECK_FALSE(reshaped(turned, {12}).has_value());
  CHECK(reshaped(turned, {2, 2, 3}).has_value());
}

TEST_CASE("broadcasting repeats extents of one") {
  const View row = dense_view(0, {2, 1, 3}, DType::kF32);
  CHECK(places(broadcast(row, {2, 2, 3})) == Numbers{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5});
}

TEST_CASE("in memory order the strides fall") {
  for_seeds(100, [](std::mt19937& random) {
    const View view = random_view(random);
    const View sorted = permuted(view, memory_order(view));
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    for (int axis = 0; axis < sorted.dims.rank(); ++axis) {
      if (sorted.dims[axis] == 1) continue;
      CHECK(sorted.strides[static_cast<std::size_t>(axis)] <= before);
      before = sorted.strides[static_cast<std::size_t>(axis)];
    }
  });
  const std::vector<int> channels_last = {0, 2, 3, 1};
  const View image = dense_view(0, {2, 3, 4, 5}, DType::kF32, channels_last);
  CHECK(memory_order(image) == channels_last);
}

TEST_CASE("rows are walked in the order of indices, in several views together") {
  for_seeds(100, [](std::mt19937& random) {
    const View view = random_view(random);
    const View dense = dense_view(0, view.dims, DType::kF32);
    const View pair[] = {view, dense};
    const RowWalk walk = walk_rows(pair);
    const std::int64_t columns = view.dims[-1];
    REQUIRE(walk.rows * columns == view.dims.elements());
    const Numbers expected = places(view);
    for (std::int64_t row = 0; row < walk.rows; ++row) {
      CHECK(view.offset + walk.offset(0, row) == expected[static_cast<std::size_t>(row * columns)]);
      CHECK(walk.offset(1, row) == row * columns);
    }
  });
}

TEST_CASE("matrices name the elements of their views") {
  int done = 0;
  for_seeds(300, [&done](std::mt19937& random) {
    const View view = random_view(random);
    const View pair[] = {view, dense_view(0, view.dims, DType::kF32)};
    const auto matrices = as_matrices(pair);
    if (!matrices) return;
    ++done;
    const StridedMatrix& m = (*matrices)[0];
    Numbers found;
    for (std::int64_t b = 0; b < m.batch; ++b) {
      for (std::int64_t r = 0; r < m.rows; ++r) {
        for (std::int64_t c = 0; c < m.columns; ++c) {
          found.push_back(view.offset + b * m.batch_stride + r * m.row_stride + c);
        }
      }
    }
    CHECK(found == places(view));
  });
  CHECK(done > 50);
}
