// SPDX-License-Identifier: Apache-2.0
// What handles stand for. A number is given once, so that a stale one is never taken for another.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "call.h"

namespace vitq::c {

// Answers the next number of any kind.
std::uint64_t next_handle();

template <typename T>
class Handles {
 public:
  explicit Handles(const char* kind) : kind_(kind) {}

  std::uint64_t add(std::shared_ptr<T> value) {
    const std::uint64_t handle = next_handle();
    const std::lock_guard lock(mutex_);
    values_.emplace(handle, std::move(value));
    return handle;
  }
  // Throws ArgumentError if it is not open, as take() does.
  std::shared_ptr<T> at(std::uint64_t handle) const {
    const std::shared_lock lock(mutex_);
    const auto found = values_.find(handle);
    if (found == values_.end()) refuse(handle);
    return found->second;
  }
  void take(std::uint64_t handle) {
    std::shared_ptr<T> taken;  // ends after the lock
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(handle);
    if (found == values_.end()) refuse(handle);
    taken = std::move(found->second);
    values_.erase(found);
  }

 private:
  [[noreturn]] void refuse(std::uint64_t handle) const {
    throw ArgumentError(std::string("there is no open ") + kind_ + " of the number " +
                        std::to_string(handle));
  }

  const char* kind_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::uint64_t, std::shared_ptr<T>> values_;
};

}  // namespace vitq::c
