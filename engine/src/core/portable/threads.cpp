// SPDX-License-Identifier: Apache-2.0
// Where nothing but the number of CPUs is known.
#include "core/threads.h"

#include <algorithm>
#include <thread>

namespace vitq {

int usable_cpus() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace vitq
