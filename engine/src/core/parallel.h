// SPDX-License-Identifier: Apache-2.0
// Loops that a team shares.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/team.h"

namespace vitq {

// Calls body(chunk, begin, end) for parts of [0, count), equal but for one, at most one per thread.
// The body must not throw. Calls do not nest.
template <typename Body>
void parallel_chunks(Team& team, std::int64_t count, const Body& body) {
  const std::int64_t chunks = std::min<std::int64_t>(count, team.threads());
  team.run(chunks, [&](std::int64_t chunk) {
    body(chunk, count * chunk / chunks, count * (chunk + 1) / chunks);
  });
}

// Calls body(i) for every i in [0, count).
template <typename Body>
void parallel_for(Team& team, std::int64_t count, const Body& body) {
  parallel_chunks(team, count, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i);
  });
}

}  // namespace vitq
