// SPDX-License-Identifier: Apache-2.0
// Buffers that live at the same time never share memory.
#include "plan/arena.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using namespace vitq;

namespace {

void check_disjoint(const std::vector<Lifetime>& buffers, std::int64_t total) {
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const Lifetime& a = buffers[i];
    CHECK(a.offset % 64 == 0);
    CHECK(a.offset >= 0);
    CHECK(a.offset + a.bytes <= total);
    for (std::size_t j = 0; j < i; ++j) {
      const Lifetime& b = buffers[j];
      const bool together = a.first <= b.last && b.first <= a.last;
      const bool apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
      CHECK((!together || apart || a.bytes == 0 || b.bytes == 0));
    }
  }
}

}  // namespace

TEST_CASE("buffers that follow one another share their memory") {
  std::vector<Lifetime> chain = {{0, 1, 100}, {1, 2, 100}, {2, 3, 100}, {3, 4, 100}};
  const std::int64_t total = plan_arena(chain);
  check_disjoint(chain, total);
  CHECK(total == 2 * 128);
}

TEST_CASE("a buffer fits into the gap between two that live longer") {
  std::vector<Lifetime> buffers = {{0, 9, 640}, {0, 3, 320}, {0, 9, 256}, {4, 9, 320}};
  const std::int64_t total = plan_arena(buffers);
  check_disjoint(buffers, total);
  CHECK(total == 640 + 320 + 256);
}

TEST_CASE("no buffers need no arena") {
  std::vector<Lifetime> none;
  CHECK(plan_arena(none) == 0);
}

TEST_CASE("random lifetimes never overlap, and never need more than all buffers side by side") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::vector<Lifetime> buffers(1 + random() % 40);
    std::int64_t sum = 0;
    for (Lifetime& buffer : buffers) {
      buffer.first = static_cast<int>(random() % 30);
      buffer.last = buffer.first + static_cast<int>(random() % 10);
      buffer.bytes = static_cast<std::int64_t>(random() % 1000);
      sum += (buffer.bytes + 63) / 64 * 64;
    }
    const std::int64_t total = plan_arena(buffers);
    check_disjoint(buffers, total);
    CHECK(total <= sum);
  }
}
