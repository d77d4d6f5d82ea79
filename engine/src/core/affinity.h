// SPDX-License-Identifier: Apache-2.0
// The CPUs that this process may run on. core/linux or core/portable defines it.
#pragma once

#include <vector>

namespace vitq {

std::vector<int> affinity_cpus();

}  // namespace vitq
