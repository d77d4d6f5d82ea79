// SPDX-License-Identifier: Apache-2.0
// A module's memory grows up to a size that it was linked with.
#include "core/memory.h"

#include <emscripten/heap.h>
#include <malloc.h>
#include <unistd.h>

namespace vitq {

std::int64_t available_memory() {
  const auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  const std::size_t beyond = emscripten_get_heap_max() - end;
  return static_cast<std::int64_t>(beyond) + ::mallinfo().fordblks;
}

}  // namespace vitq
