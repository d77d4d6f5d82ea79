// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vitq/calibration.h"
#include "vitq/quantizer.h"

namespace vitq {

// Integers only hold values between steps below this magnitude (docs/numerics.md).
inline constexpr float kIntegerOnlyLimit = 8192.0F;

// Runs the float network on a few of the images. Throws UnsupportedError if a value between two of
// its steps would not fit, naming the node that takes it and the value.
void require_integer_range(const Network& network, const CalibrationSet& images, int threads);

}  // namespace vitq
