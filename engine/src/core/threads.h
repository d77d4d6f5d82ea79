// SPDX-License-Identifier: Apache-2.0
// How many threads a process may use well: what the scheduler and the control group allow.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace vitq {

// The smaller of the big CPUs that this process may run on and the control group's CPU quota,
// rounded up; at least 1.
int usable_cpus();

// So many of `cpus` have at least half the capacity of the largest of them, as the files
// `root`/sys/devices/system/cpu/cpuN/cpu_capacity tell on ARM. Threads take equal shares, and would
// wait for a slower one. A CPU without a file counts as large. `root` is "" but for tests.
int big_cpus(const std::string& root, std::span<const int> cpus);

// This is the CPU quota, rounded up, of the control group (v1 or v2) of this process and the groups
// around it. The files below `root`/proc and `root`/sys tell it, and there is none without a limit.
// `root` is "" but for tests. A file that is missing or not understood sets no limit.
std::optional<int> quota_cpus(const std::string& root);

}  // namespace vitq
