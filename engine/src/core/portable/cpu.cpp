// SPDX-License-Identifier: Apache-2.0
// This file stands for every processor that is no x86. None of its instructions is looked for.
#include "core/cpu.h"

namespace vitq {

CpuFeatures detected_cpu() {
  return {};
}

void relax() {}

}  // namespace vitq
