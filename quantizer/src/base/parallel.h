// SPDX-License-Identifier: Apache-2.0
// Loops over several threads. Results never depend on how many there are: a sum has a fixed number
// of lanes, which are added up in order.
#pragma once

#include <cstdint>
#include <functional>

namespace vitq {

// The number of parts that a sum over images is split into.
constexpr std::int64_t kLanes = 4;

// Calls body(i) for every i in [0, count). Rethrows the exception of the first thread that had one.
void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t)>& body);

// Calls body(lane, i) for every i in [0, count), where lane = i % kLanes. Each lane runs in order.
void for_lanes(int threads, std::int64_t count,
               const std::function<void(std::int64_t lane, std::int64_t i)>& body);

}  // namespace vitq
