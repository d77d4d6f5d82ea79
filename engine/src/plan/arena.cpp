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

// When each buffer of the plan is in use, from its first step to its last.
std::vector<Lifetime> lifetimes_of(const Plan& plan) {
  std::vector<Lifetime> lifetimes(plan.buffers.size(), {.first = -1, .last = -1, .bytes = 0});
  const auto touch = [&](const View& view, std::size_t step) {
    Lifetime& life = lifetimes[static_cast<std::size_t>(view.buffer)];
    if (life.first < 0) life.first = static_cast<int>(step);
    life.last = static_cast<int>(step);
  };
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    for_each_view(plan.steps[i], [&](const View& view) { touch(view, i); });
  }
  for (const PlanOutput& output : plan.outputs) touch(output.view, plan.steps.size());
  return lifetimes;
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

void place_buffers(Plan& plan) {
  std::vector<Lifetime> lifetimes = lifetimes_of(plan);
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    const bool used = plan.buffers[i].home == Buffer::Home::kArena && lifetimes[i].first >= 0;
    if (used) lifetimes[i].bytes = plan.buffers[i].bytes;
  }
  plan.arena_bytes = plan_arena(lifetimes);
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    if (plan.buffers[i].home == Buffer::Home::kArena) plan.buffers[i].offset = lifetimes[i].offset;
  }
}

}  // namespace vitq
