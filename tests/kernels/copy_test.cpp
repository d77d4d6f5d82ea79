// SPDX-License-Identifier: Apache-2.0
// Copies put every element where its indices say, whatever the strides, on any number of threads.
#include "kernels/copy.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "core/team.h"
#include "kernels/backend.h"
#include "plan/views.h"

using namespace vitq;

namespace {

constexpr std::int64_t kBetween = 3;  // elements of nobody before each view and at its end

// A view of buffer `buffer` whose axes lie in memory in a random order.
View shuffled(BufferId buffer, const Shape& dims, DType dtype, std::mt19937& random) {
  std::vector<int> order(static_cast<std::size_t>(dims.rank()));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  View view = dense_view(buffer, dims, dtype, order);
  view.offset = kBetween;
  return view;
}

std::size_t place(const View& view, std::int64_t element) {
  std::int64_t offset = view.offset;
  for (int axis = view.dims.rank(); axis-- > 0;) {
    offset += element % view.dims[axis] * view.strides[static_cast<std::size_t>(axis)];
    element /= view.dims[axis];
  }
  return static_cast<std::size_t>(offset);
}

template <typename From, typename To>
void check(const View& x, const View& out, int threads) {
  const auto room = static_cast<std::size_t>(x.dims.elements() + 2 * kBetween);
  std::vector<From> from(room);
  for (std::size_t i = 0; i < room; ++i) from[i] = static_cast<From>((7 * i + 1) % 251);
  std::vector<To> to(room, To{255});
  std::vector<To> expected = to;
  for (std::int64_t i = 0; i < x.dims.elements(); ++i) {
    expected[place(out, i)] = static_cast<To>(from[place(x, i)]);
  }
  const Plan plan;
  const std::shared_ptr<WeightCache> cache = make_weight_cache();
  const KernelContext context = make_context(Backend::kReference, plan, threads, *cache);
  const Step step = {.name = "copy", .op = step::Copy{{x}}, .out = out};
  std::vector<std::byte*> buffers = {reinterpret_cast<std::byte*>(from.data()),
                                     reinterpret_cast<std::byte*>(to.data())};
  Team team(threads);
  make_copy(step, context)->run({buffers, nullptr, nullptr, team});
  CHECK(to == expected);
}

}  // namespace

TEST_CASE("copies between any two orders of axes move each element to its place") {
  std::mt19937 random(11);
  const Shape shapes[] = {{5}, {1, 1}, {3, 16}, {2, 3, 5, 16}, {1, 14, 1, 3, 4, 16}, {2, 7, 3, 3}};
  for (const Shape& dims : shapes) {
    for (int round = 0; round < 20; ++round) {
      const int threads = 1 + round % 3;
      CAPTURE(dims.elements());
      const auto view = [&](BufferId buffer, DType dtype) {
        return shuffled(buffer, dims, dtype, random);
      };
      check<std::uint8_t, std::uint8_t>(view(0, DType::kU8), view(1, DType::kU8), threads);
      check<std::uint8_t, float>(view(0, DType::kU8), view(1, DType::kF32), threads);
      check<float, float>(view(0, DType::kF32), view(1, DType::kF32), threads);
    }
  }
}
