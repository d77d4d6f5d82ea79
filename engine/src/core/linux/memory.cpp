// SPDX-License-Identifier: Apache-2.0
#include "core/memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace vitq {
namespace {

constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::max();

std::int64_t free_of_machine() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  std::int64_t kilobytes = 0;
  std::string unit;
  while (file >> key >> kilobytes) {
    std::getline(file, unit);
    if (key == "MemAvailable:") return kilobytes * 1024;
  }
  return kUnknown;
}

// Of version 2; "max" is no number and means no limit.
std::int64_t free_of_group() {
  std::int64_t max = 0;
  std::int64_t used = 0;
  const bool limited = static_cast<bool>(std::ifstream("/sys/fs/cgroup/memory.max") >> max);
  const bool known = static_cast<bool>(std::ifstream("/sys/fs/cgroup/memory.current") >> used);
  return limited && known ? std::max<std::int64_t>(max - used, 0) : kUnknown;
}

}  // namespace

std::int64_t available_memory() {
  return std::min(free_of_machine(), free_of_group());
}

}  // namespace vitq
