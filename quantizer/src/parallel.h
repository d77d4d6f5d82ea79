// SPDX-License-Identifier: Apache-2.0
// Loops over several threads. Results never depend on how many: sums are split over a fixed number
// of lanes, and the lanes are added up in order.
#pragma once

#include <cstdint>
#include <functional>

namespace vitq {

// How many parts a sum over images is split into.
constexpr std::int64_t kLanes = 4;

// Calls body(i) for every i in [0, count). Rethrows the first exception, by index of the thread.
void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t)>& body);

// Calls body(lane, i) for every i in [0, count), where i % kLanes == lane; each lane in order.
void for_lanes(int threads, std::int64_t count,
               const std::function<void(std::int64_t lane, std::int64_t i)>& body);

}  // namespace vitq
