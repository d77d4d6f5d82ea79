// SPDX-License-Identifier: Apache-2.0
// Memory planning: buffers that are not alive at the same time share addresses.
#pragma once

#include <cstdint>
#include <span>

#include "vitq/plan.h"

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

// Gives every arena buffer of a plan its offset, by when the steps use it. Outputs live to the end.
void place_buffers(Plan& plan);

}  // namespace vitq
