// SPDX-License-Identifier: Apache-2.0
#include "core/affinity.h"

#include <numeric>
#include <thread>

namespace vitq {

std::vector<int> affinity_cpus() {
  std::vector<int> all(std::thread::hardware_concurrency());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace vitq
