// SPDX-License-Identifier: Apache-2.0
// The tiers that a test runs on.
#pragma once

#include <vector>

#include "core/cpu.h"

namespace vitq::test {

// Those of the tiers of this processor that a CPU with these features has itself, the lowest first.
inline std::vector<Isa> isas_of(const CpuFeatures& features) {
  std::vector<Isa> result;
  for (const Isa& isa : isas()) {
    if (&best_isa(features, isa) == &isa) result.push_back(isa);
  }
  return result;
}

}  // namespace vitq::test
