// SPDX-License-Identifier: Apache-2.0
#include "core/threads.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "core/text.h"

namespace vitq {
namespace {

using Quota = std::optional<int>;

Quota lower(Quota a, Quota b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

Quota cpus(double quota, double period) {
  constexpr double kMax = 1 << 20;
  if (!(quota > 0) || !(period > 0)) return {};
  return static_cast<int>(std::min(std::ceil(quota / period), kMax));
}

// v2: one line "QUOTA PERIOD", or "max PERIOD" for no limit, which is no number.
Quota read_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(file >> quota >> period)) return {};
  return cpus(quota, period);
}

// v1: two files; the quota is -1 for no limit.
Quota read_v1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
  std::ifstream period_file(folder + "/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return {};
  return cpus(quota, period);
}

// The lowest quota of the group `path` ("/a/b") and its parents up to the root of the mount. In a
// container the path may be the host's and lead nowhere; then the root alone counts.
template <typename Read>
Quota walk_up(const std::string& mount, std::string path, const Read& read) {
  if (path.find("..") != std::string::npos) path.clear();
  Quota result = read(mount);
  while (path.size() > 1) {
    result = lower(result, read(mount + path));
    path.erase(path.rfind('/'));
  }
  return result;
}

bool lists_cpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

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

// The CPUs that this process may run on.
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

// Relative to 1024, the fastest CPU of the machine; that is what a CPU has that does not tell.
int capacity_of(const std::string& root, int cpu) {
  constexpr int kFastest = 1024;
  std::ifstream file(cat(root, "/sys/devices/system/cpu/cpu", cpu, "/cpu_capacity"));
  int capacity = 0;
  return file >> capacity ? capacity : kFastest;
}

}  // namespace

std::optional<int> quota_cpus(const std::string& root) {
  Quota result;
  std::ifstream groups(root + "/proc/self/cgroup");
  // Each line is ID:CONTROLLERS:PATH; v2 has ID 0 and no controllers.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first == std::string::npos ? first : first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    const std::string mounts = root + "/sys/fs/cgroup";
    if (controllers.empty()) {
      result = lower(result, walk_up(mounts, path, read_v2));
    } else if (lists_cpu(controllers)) {
      const std::string own = cat(mounts, "/", controllers);
      result = lower(result, walk_up(own, path, read_v1));
      result = lower(result, walk_up(mounts + "/cpu", path, read_v1));
    }
  }
  return result;
}

int big_cpus(const std::string& root, std::span<const int> cpus) {
  std::vector<int> capacities;
  for (const int cpu : cpus) capacities.push_back(capacity_of(root, cpu));
  if (capacities.empty()) return 0;
  const int largest = *std::ranges::max_element(capacities);
  return static_cast<int>(
      std::ranges::count_if(capacities, [&](int capacity) { return 2 * capacity >= largest; }));
}

int usable_cpus() {
  const int allowed = big_cpus("", affinity_cpus());
  return std::max(1, std::min(allowed, quota_cpus("").value_or(allowed)));
}

}  // namespace vitq
