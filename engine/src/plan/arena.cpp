// SPDX-License-Identifier: Apache-2.0
#include "plan/arena.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/checked.h"

namespace vitq {
namespace {

constexpr std::int64_t kAlignment = 64;

std::int64_t aligned(std::int64_t bytes) {
  return checked_add(bytes, kAlignment - 1) / kAlignment * kAlignment;
}

bool overlap(const Lifetime& a, const Lifetime& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

std::int64_t plan_arena(std::span<Lifetime> buffers) {
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return buffers[a].bytes > buffers[b].bytes;
  });
  std::vector<const Lifetime*> placed;  // by rising offset
  std::int64_t total = 0;
  for (const std::size_t index : order) {
    Lifetime& buffer = buffers[index];
    std::int64_t offset = 0;
    for (const Lifetime* other : placed) {
      if (!overlap(buffer, *other)) continue;
      if (offset + aligned(buffer.bytes) <= other->offset) break;
      offset = std::max(offset, other->offset + aligned(other->bytes));
    }
    buffer.offset = offset;
    total = std::max(total, checked_add(offset, aligned(buffer.bytes)));
    const auto after = std::upper_bound(
        placed.begin(), placed.end(), &buffer,
        [](const Lifetime* a, const Lifetime* b) { return a->offset < b->offset; });
    placed.insert(after, &buffer);
  }
  return total;
}

}  // namespace vitq
