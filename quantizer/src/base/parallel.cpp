// SPDX-License-Identifier: Apache-2.0
#include "base/parallel.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

namespace vitq {

void parallel_for(int threads, std::int64_t count, const std::function<void(std::int64_t)>& body) {
  const std::int64_t used = std::clamp<std::int64_t>(count, 1, std::max(threads, 1));
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(used));
  const auto work = [&](std::int64_t thread) {
    try {
      for (std::int64_t i = thread; i < count; i += used) body(i);
    } catch (...) {
      errors[static_cast<std::size_t>(thread)] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::int64_t t = 1; t < used; ++t) others.emplace_back(work, t);
    work(0);
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

void for_lanes(int threads, std::int64_t count,
               const std::function<void(std::int64_t, std::int64_t)>& body) {
  parallel_for(threads, kLanes, [&](std::int64_t lane) {
    for (std::int64_t i = lane; i < count; i += kLanes) body(lane, i);
  });
}

}  // namespace vitq
