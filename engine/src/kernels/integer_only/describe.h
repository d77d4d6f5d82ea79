// SPDX-License-Identifier: Apache-2.0
// Steps of an integer-only plan as the C functions take them.
#pragma once

#include <optional>

#include "kernels/integer_only/c/steps.h"
#include "vitq/step.h"

namespace vitq {

// Nothing for a step on values f32. Throws LimitError where a buffer has too many elements for 31
// bits, and UnsupportedError for a step that has no C function.
std::optional<VitqStep> describe(const Step& step);

}  // namespace vitq
