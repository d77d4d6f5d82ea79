// SPDX-License-Identifier: Apache-2.0
// Plain loops, which the compiler vectorizes where it can.
#include "vision/resize_kernels.h"

namespace vitq {
namespace {

std::uint8_t to_pixel(std::int32_t sum) {
  const std::int32_t value = sum >> kWeightBits;
  return static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

void sum_pixels(const std::uint8_t* pixel, const std::int32_t* weights, int count,
                std::uint8_t* out) {
  std::int32_t red = kHalfPixel;
  std::int32_t green = kHalfPixel;
  std::int32_t blue = kHalfPixel;
  for (int i = 0; i < count; ++i, pixel += 3) {
    red += pixel[0] * weights[i];
    green += pixel[1] * weights[i];
    blue += pixel[2] * weights[i];
  }
  out[0] = to_pixel(red);
  out[1] = to_pixel(green);
  out[2] = to_pixel(blue);
}

void columns(const std::uint8_t* const* in, const ResizeTaps* taps, int outputs,
             const ResizeWeights& weights, std::uint8_t* const* out) {
  for (int r = 0; r < ResizeKernels::kRows; ++r) {
    for (int x = 0; x < outputs; ++x) {
      sum_pixels(in[r] + std::ptrdiff_t{3} * taps[x].first, weights.whole + taps[x].weights,
                 taps[x].count, out[r] + std::ptrdiff_t{3} * x);
    }
  }
}

void rows(const ResizeRows& in, const ResizeTaps& taps, const ResizeWeights& weights,
          std::int64_t bytes, std::uint8_t* out) {
  constexpr std::int64_t kBlock = 256;
  for (std::int64_t start = 0; start < bytes; start += kBlock) {
    const std::int64_t count = bytes - start < kBlock ? bytes - start : kBlock;
    std::int32_t sums[kBlock];
    for (std::int64_t x = 0; x < count; ++x) sums[x] = kHalfPixel;
    for (int i = 0; i < taps.count; ++i) {
      const std::uint8_t* row = in.first + i * in.stride + start;
      const std::int32_t weight = weights.whole[taps.weights + static_cast<std::size_t>(i)];
      for (std::int64_t x = 0; x < count; ++x) sums[x] += row[x] * weight;
    }
    for (std::int64_t x = 0; x < count; ++x) out[start + x] = to_pixel(sums[x]);
  }
}

}  // namespace

const ResizeKernels& portable_resize_kernels() {
  static constexpr ResizeKernels kKernels = {.columns = columns, .rows = rows};
  return kKernels;
}

}  // namespace vitq
