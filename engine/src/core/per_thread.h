// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vitq {

// An array for each thread, far enough apart that none waits for another's cache lines.
template <typename T>
class PerThread {
 public:
  PerThread() = default;
  PerThread(int threads, std::int64_t count)
      : stride_(static_cast<std::size_t>(count) + kApart),
        values_(stride_ * static_cast<std::size_t>(threads)) {}

  T* operator[](std::int64_t thread) {
    return values_.data() + stride_ * static_cast<std::size_t>(thread);
  }

 private:
  static constexpr std::size_t kApart = 128 / sizeof(T);  // lines are fetched in pairs
  std::size_t stride_ = 0;
  std::vector<T> values_;
};

}  // namespace vitq
