// SPDX-License-Identifier: Apache-2.0
// A convolution as a product: what lies under the kernel, one row per place.
#pragma once

#include "vitq/matrix.h"
#include "vitq/op.h"
#include "vitq/tensor.h"

namespace vitq {

// image f32 [1, C, H, W], weight [O, C, kh, kw] -> [h w, C kh kw].
Matrix patches(const Tensor& image, const Shape& weight, const op::Conv2d& conv);

}  // namespace vitq
