// SPDX-License-Identifier: Apache-2.0
// Learned positions for images of another size.
#pragma once

#include <cstdint>

#include "vitq/tensor.h"

namespace vitq {

// How torch.nn.functional.interpolate(mode="bicubic", align_corners=False) is called: with
// antialias=True, or without.
enum class Resampling { kAntialiased, kBicubic };

struct Grid {
  std::int64_t rows = 0, columns = 0;
  friend bool operator==(const Grid&, const Grid&) = default;
};

// `positions` [1, prefix + from.rows * from.columns, C] for a grid `to`, in f32. The first `prefix`
// rows stay as they are.
Tensor resample_positions(const Tensor& positions, Grid from, Grid to, Resampling how);

}  // namespace vitq
