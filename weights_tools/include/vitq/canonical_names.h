// SPDX-License-Identifier: Apache-2.0
// The tensor names of a checkpoint become canonical ones, as a dialect says it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "vitq/dialect.h"
#include "vitq/weights.h"

namespace vitq {

// Tensors have canonical names here, whatever the dialect. `ignored` lists what was left out.
struct Renamed {
  Weights weights;
  std::string dialect;
  std::vector<std::string> ignored;
};

// Says whether the checkpoint is in one of the dialects.
bool matches(const Weights& weights, std::span<const Dialect> dialects);
// Throws UnsupportedError if it is in none of them.
Renamed to_canonical_names(const Weights& weights, std::span<const Dialect> dialects);

}  // namespace vitq
