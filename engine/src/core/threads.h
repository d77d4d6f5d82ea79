// SPDX-License-Identifier: Apache-2.0
// How many threads a process may use well: what the scheduler and the control group allow.
#pragma once

#include <optional>
#include <string>

namespace vitq {

// The smaller of the CPUs that this process may run on and the control group's CPU quota, rounded
// up; at least 1.
int usable_cpus();

// This is the CPU quota, rounded up, of the control group (v1 or v2) of this process and the groups
// around it. The files below `root`/proc and `root`/sys tell it, and there is none without a limit.
// `root` is "" but for tests. A file that is missing or not understood sets no limit.
std::optional<int> quota_cpus(const std::string& root);

}  // namespace vitq
