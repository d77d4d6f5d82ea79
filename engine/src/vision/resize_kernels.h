// SPDX-License-Identifier: Apache-2.0
// The loops of resampling, one table for each instruction set. A sum of pixels times weights is
// exact in 32 bits, so all tables give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vitq {

struct CpuFeatures;

// Pixels have 8 bits, and 2 bits are kept for sums outside of [0, 255].
inline constexpr int kWeightBits = 32 - 8 - 2;
inline constexpr std::int32_t kHalfPixel = 1 << (kWeightBits - 1);

// The inputs [first, first + count) of one output sample, and where their weights start.
struct ResizeTaps {
  int first;
  int count;
  std::size_t weights;
};

// Each weight is there twice: whole, and as high * 2^16 + low for products of 16 bits. Zeros fill
// up those of an output to a multiple of kTapGroup.
inline constexpr int kTapGroup = 4;
struct ResizeWeights {
  const std::int32_t* whole;
  const std::int16_t* low;
  const std::int16_t* high;
};

// Rows of bytes that are `stride` apart.
struct ResizeRows {
  const std::uint8_t* first;
  std::ptrdiff_t stride;
};

struct ResizeKernels {
  // How many rows go through `columns` together, and how many bytes after a row it may read.
  static constexpr int kRows = 4;
  static constexpr std::size_t kSlack = 16;

  // RGB pixels of kRows rows are summed along each row: out[r] gets a pixel for each of `outputs`
  // taps. Rows may be given more than once.
  void (*columns)(const std::uint8_t* const* in, const ResizeTaps* taps, int outputs,
                  const ResizeWeights& weights, std::uint8_t* const* out);
  // `bytes` columns of the rows are summed to one row.
  void (*rows)(const ResizeRows& in, const ResizeTaps& taps, const ResizeWeights& weights,
               std::int64_t bytes, std::uint8_t* out);
};

// The fastest that `features`, which the CPU must have, can run. x86/resize_select.cpp or
// portable/resize_select.cpp is in a build.
const ResizeKernels& resize_kernels(const CpuFeatures& features);
const ResizeKernels& portable_resize_kernels();

}  // namespace vitq
