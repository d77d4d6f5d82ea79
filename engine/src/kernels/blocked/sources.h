// SPDX-License-Identifier: Apache-2.0
// What a layer multiplies its weights by: rows that lie in memory, or patches of an image.
#pragma once

#include "kernels/float_gemm/product.h"
#include "kernels/kernel.h"
#include "plan/views.h"

namespace vitq {

// Rows [row, row + rows), and of them columns [begin, begin + count).
struct SourceBlock {
  std::int64_t row = 0, rows = 0;
  std::int64_t begin = 0, count = 0;
};

// Rows of a view [..., k] whose last axis is contiguous.
class RowSource {
 public:
  explicit RowSource(const View& x);

  std::int64_t columns() const { return x_.dims[-1]; }
  // Whether block() needs memory for rows * count floats.
  bool copies() const { return walk_.extents.size() > 1; }
  FloatRows block(Buffers buffers, const SourceBlock& block, float* memory) const;

 private:
  View x_;
  RowWalk walk_;
};

// Patches [kernel, kernel, C] of an image [N, C, H, W] whose channels are contiguous. A row is an
// output pixel.
class PatchSource {
 public:
  PatchSource(const step::Conv2d& op, const View& out);

  std::int64_t columns() const { return lines_ * line_; }
  bool copies() const { return true; }
  FloatRows block(Buffers buffers, const SourceBlock& block, float* memory) const;

 private:
  // Elements [begin, end) of line `index` of the patch whose corner is pixel (y, x) of the image.
  void copy_line(const float* image, std::int64_t y, std::int64_t x, const SourceBlock& part,
                 float* to) const;

  op::Conv2d conv_;
  View x_;
  std::int64_t height_, width_;  // of the output
  // Elements of a patch that neighbours in memory give: a row of its pixels, or one pixel.
  std::int64_t pixels_, line_, lines_;
  std::int64_t lines_across_;
};

}  // namespace vitq
