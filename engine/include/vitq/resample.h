// SPDX-License-Identifier: Apache-2.0
// Learned positions for images of another size.
#pragma once

#include "vitq/op.h"
#include "vitq/tensor.h"

namespace vitq {

// How torch.nn.functional.interpolate(mode="bicubic", align_corners=False) is called: without
// antialias, or with antialias=True.
enum class Resampling { kBicubic, kAntialiased };

// Resamples the rows of x [..., T, C] that op::Resample says, in double precision. Answers f32
// [..., T', C], or x itself if the grid has that size already.
Tensor resampled(const Tensor& x, const op::Resample& grid, Resampling how = Resampling::kBicubic);

}  // namespace vitq
