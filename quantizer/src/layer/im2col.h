// SPDX-License-Identifier: Apache-2.0
// Turns a convolution into a matrix product: each place of the kernel becomes one row.
#pragma once

#include "vitq/matrix.h"
#include "vitq/op.h"
#include "vitq/tensor.h"

namespace vitq {

// Takes an image f32 [1, C, H, W] and the shape of a weight [O, C, kh, kw]. Gives [h * w, C * kh *
// kw], where h and w are height and width of the output.
Matrix im2col(const Tensor& image, const Shape& weight, const op::Conv2d& conv);

}  // namespace vitq
