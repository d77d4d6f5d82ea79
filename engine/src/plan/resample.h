// SPDX-License-Identifier: Apache-2.0
// Positions that a network has learned for one size of images serve others when they are resampled.
#pragma once

#include "vitq/op.h"

namespace vitq {

// Computes op::Resample of f32 [..., T, C].
Tensor resampled(const Tensor& x, const op::Resample& grid);

}  // namespace vitq
