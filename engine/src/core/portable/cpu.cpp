// SPDX-License-Identifier: Apache-2.0
// This file stands for every processor that has no folder of its own. None of its instructions is
// looked for.
#include "core/cpu.h"

namespace vitq {

std::span<const Isa> isas() {
  static constexpr Isa kIsas[] = {{"baseline", nullptr, {}}};
  return kIsas;
}

CpuFeatures detected_cpu() {
  return {};
}

void relax() {}

}  // namespace vitq
