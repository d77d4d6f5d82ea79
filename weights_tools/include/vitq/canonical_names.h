// SPDX-License-Identifier: Apache-2.0
// From the tensor names of a checkpoint to canonical ones, as a dialect says it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "vitq/dialect.h"
#include "vitq/weights.h"

namespace vitq {

// Tensors under canonical names, whatever the dialect. `ignored` receives what was left out.
struct Renamed {
  Weights weights;
  std::string dialect;
  std::vector<std::string> ignored;
};

// Whether the checkpoint is in one of the dialects.
bool matches(const Weights& weights, std::span<const Dialect> dialects);
// Throws UnsupportedError if it is in none of them.
Renamed to_canonical_names(const Weights& weights, std::span<const Dialect> dialects);

}  // namespace vitq
