// SPDX-License-Identifier: Apache-2.0
// Weights or inputs that are too large make answers that are no numbers. Those are never handed on.
#pragma once

#include <span>
#include <string_view>

namespace vitq {

// Throws WeightError, which names the output and the first element that is infinite or no number.
void require_finite(std::span<const float> values, std::string_view output);

}  // namespace vitq
