// SPDX-License-Identifier: Apache-2.0
#include "layer/im2col.h"

namespace vitq {
namespace {

struct ConvPatch {
  std::int64_t channels, height, width;  // of the image
  std::int64_t kernel_height, kernel_width, dilation;

  bool holds(std::int64_t y, std::int64_t x) const {
    return y >= 0 && y < height && x >= 0 && x < width;
  }
};

// Copies what lies under the kernel at (y, x) in one channel, with zeros outside of the image.
void copy_patch(const ConvPatch& w, const float* plane, std::int64_t y, std::int64_t x,
                float* out) {
  for (std::int64_t i = 0; i < w.kernel_height; ++i) {
    const std::int64_t row = y + i * w.dilation;
    for (std::int64_t j = 0; j < w.kernel_width; ++j) {
      const std::int64_t column = x + j * w.dilation;
      *out++ = w.holds(row, column) ? plane[row * w.width + column] : 0.0F;
    }
  }
}

// Does the same for all channels, one after the other.
void copy_patches(const ConvPatch& w, const float* image, std::int64_t y, std::int64_t x,
                  float* out) {
  for (std::int64_t c = 0; c < w.channels; ++c) {
    copy_patch(w, image + c * w.height * w.width, y, x, out + c * w.kernel_height * w.kernel_width);
  }
}

}  // namespace

Matrix im2col(const Tensor& image, const Shape& weight, const op::Conv2d& conv) {
  const Shape& shape = image.shape();
  const ConvPatch w = {shape[1], shape[2], shape[3], weight[2], weight[3], conv.dilation};
  const std::int64_t frame = 2 * conv.pad - 1;
  const std::int64_t rows =
      (w.height + frame - (w.kernel_height - 1) * w.dilation) / conv.stride + 1;
  const std::int64_t cols = (w.width + frame - (w.kernel_width - 1) * w.dilation) / conv.stride + 1;
  Matrix result(rows * cols, w.channels * w.kernel_height * w.kernel_width);
  const float* values = image.as<float>().data();
  for (std::int64_t y = 0; y < rows; ++y) {
    for (std::int64_t x = 0; x < cols; ++x) {
      copy_patches(w, values, y * conv.stride - conv.pad, x * conv.stride - conv.pad,
                   result.row(y * cols + x).data());
    }
  }
  return result;
}

}  // namespace vitq
