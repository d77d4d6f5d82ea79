// SPDX-License-Identifier: Apache-2.0
#include "patches.h"

namespace vitq {
namespace {

struct Window {
  std::int64_t channels, height, width;  // of the picture
  std::int64_t kernel_height, kernel_width, dilation;
};

// Copies what lies under the kernel at (y, x), channel by channel.
void copy_patch(const Window& w, const float* picture, std::int64_t y, std::int64_t x, float* out) {
  for (std::int64_t c = 0; c < w.channels; ++c) {
    for (std::int64_t i = 0; i < w.kernel_height; ++i) {
      const float* line = picture + (c * w.height + y + i * w.dilation) * w.width + x;
      for (std::int64_t j = 0; j < w.kernel_width; ++j) *out++ = line[j * w.dilation];
    }
  }
}

}  // namespace

Matrix patches(const Tensor& picture, const Shape& weight, const op::Conv2d& conv) {
  const Shape& shape = picture.shape();
  const Window w = {shape[1], shape[2], shape[3], weight[2], weight[3], conv.dilation};
  const std::int64_t rows = (w.height - (w.kernel_height - 1) * w.dilation - 1) / conv.stride + 1;
  const std::int64_t cols = (w.width - (w.kernel_width - 1) * w.dilation - 1) / conv.stride + 1;
  Matrix result(rows * cols, w.channels * w.kernel_height * w.kernel_width);
  const float* values = picture.as<float>().data();
  for (std::int64_t y = 0; y < rows; ++y) {
    for (std::int64_t x = 0; x < cols; ++x) {
      copy_patch(w, values, y * conv.stride, x * conv.stride, result.row(y * cols + x).data());
    }
  }
  return result;
}

}  // namespace vitq
