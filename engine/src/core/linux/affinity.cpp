// SPDX-License-Identifier: Apache-2.0
#include "core/affinity.h"

#include <sched.h>

#include <memory>
#include <numeric>
#include <thread>

namespace vitq {
namespace {

struct FreeSet {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};
using CpuSet = std::unique_ptr<cpu_set_t, FreeSet>;

// Those of a set with room for `count`.
std::vector<int> cpus_in(const CpuSet& set, std::size_t count) {
  const std::size_t bytes = CPU_ALLOC_SIZE(count);
  std::vector<int> cpus;
  for (std::size_t cpu = 0; cpu < count; ++cpu) {
    if (CPU_ISSET_S(cpu, bytes, set.get())) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

}  // namespace

std::vector<int> affinity_cpus() {
  // The kernel refuses a set smaller than its own, whose size it does not tell.
  for (std::size_t count = 1024; count <= (std::size_t{1} << 20); count *= 2) {
    const CpuSet set(CPU_ALLOC(count));
    const bool fits = set && sched_getaffinity(0, CPU_ALLOC_SIZE(count), set.get()) == 0;
    if (fits) return cpus_in(set, count);
  }
  std::vector<int> all(std::thread::hardware_concurrency());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace vitq
