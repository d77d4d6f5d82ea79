// SPDX-License-Identifier: Apache-2.0
// The loops of resampling for AVX2.
#pragma once

#include "vision/resize_kernels.h"

namespace vitq::resize_avx2 {

const ResizeKernels& table();

}  // namespace vitq::resize_avx2
