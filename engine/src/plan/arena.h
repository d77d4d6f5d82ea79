// SPDX-License-Identifier: Apache-2.0
// Memory planning: buffers that are not alive at the same time share addresses.
#pragma once

#include <cstdint>
#include <span>

namespace vitq {

struct Lifetime {
  int first = 0;  // the step that writes the buffer
  int last = 0;   // the last step that reads it
  std::int64_t bytes = 0;
  std::int64_t offset = 0;  // the answer, a multiple of 64
};

// Places every buffer, the largest first, at the lowest offset that no overlapping lifetime uses.
// Returns the size of the arena.
std::int64_t plan_arena(std::span<Lifetime> buffers);

}  // namespace vitq
