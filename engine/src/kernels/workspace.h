// SPDX-License-Identifier: Apache-2.0
// How a kernel divides its workspace: every thread has a slot, every slot the same parts.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vitq {

// A part of each thread's slot: `count` elements of T.
template <typename T>
class Part {
 public:
  Part() = default;
  explicit Part(std::int64_t offset) : offset_(offset) {}
  T* in(std::byte* slot) const { return reinterpret_cast<T*>(slot + offset_); }

 private:
  std::int64_t offset_ = 0;
};

class WorkspaceLayout {
 public:
  template <typename T>
  Part<T> add(std::int64_t count) {
    const std::int64_t offset = slot_bytes_;
    const auto bytes = count * static_cast<std::int64_t>(sizeof(T));
    slot_bytes_ += (bytes + kApart - 1) / kApart * kApart;
    return Part<T>(offset);
  }
  std::int64_t bytes(std::int64_t threads) const { return slot_bytes_ * threads; }
  std::byte* slot(std::byte* workspace, std::int64_t thread) const {
    return workspace + slot_bytes_ * thread;
  }

 private:
  // Cache lines are fetched in pairs: so far apart, no thread waits for another's.
  static constexpr std::int64_t kApart = 128;
  std::int64_t slot_bytes_ = 0;
};

}  // namespace vitq
