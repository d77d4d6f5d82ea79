// SPDX-License-Identifier: Apache-2.0
#include "kernels/blocked/sources.h"

#include <algorithm>

namespace vitq {

RowSource::RowSource(const View& x) : x_(x), walk_(walk_rows(std::vector<View>{x})) {}

FloatRows RowSource::block(Buffers buffers, const SourceBlock& block, float* memory) const {
  const float* x = data_of<const float>(buffers, x_) + block.begin;
  if (!copies()) {
    const std::int64_t stride = walk_.extents.empty() ? 0 : walk_.strides[0][0];
    return {x + block.row * stride, stride};
  }
  RowCursor cursor(walk_, block.row);
  for (std::int64_t i = 0; i < block.rows; ++i, cursor.next()) {
    std::copy_n(x + cursor.offset(0), block.count, memory + i * block.count);
  }
  return {memory, block.count};
}

PatchSource::PatchSource(const step::Conv2d& op, const View& out)
    : conv_(op.conv), x_(op.x), height_(out.dims[2]), width_(out.dims[3]) {
  const std::int64_t channels = x_.dims[1];
  const std::int64_t kernel = op.weight.dims[3];
  const bool joined = conv_.dilation == 1 && x_.strides[3] == channels;
  pixels_ = joined ? kernel : 1;
  lines_across_ = kernel / pixels_;
  line_ = pixels_ * channels;
  lines_ = op.weight.dims[2] * lines_across_;
}

FloatRows PatchSource::block(Buffers buffers, const SourceBlock& block, float* memory) const {
  const float* images = data_of<const float>(buffers, x_);
  float* to = memory;
  for (std::int64_t row = block.row; row < block.row + block.rows; ++row) {
    const float* image = images + row / (height_ * width_) * x_.strides[0];
    const std::int64_t y = row / width_ % height_ * conv_.stride - conv_.pad;
    const std::int64_t x = row % width_ * conv_.stride - conv_.pad;
    const std::int64_t end = block.begin + block.count;
    for (std::int64_t line = block.begin / line_; line * line_ < end; ++line) {
      const std::int64_t first = std::max(block.begin - line * line_, std::int64_t{0});
      const std::int64_t last = std::min(end - line * line_, line_);
      copy_line(image, y + line / lines_across_ * conv_.dilation,
                x + line % lines_across_ * conv_.dilation, {.begin = first, .count = last - first},
                to);
      to += last - first;
    }
  }
  return {memory, block.count};
}

void PatchSource::copy_line(const float* image, std::int64_t y, std::int64_t x,
                            const SourceBlock& part, float* to) const {
  const std::int64_t end = part.begin + part.count;
  const std::int64_t channels = line_ / pixels_;
  const bool inside = y >= 0 && y < x_.dims[2];
  const auto element = [&](std::int64_t pixel) {
    return std::clamp(std::clamp<std::int64_t>(pixel, 0, pixels_) * channels, part.begin, end);
  };
  const std::int64_t low = inside ? element(-x) : end;
  const std::int64_t high = inside ? std::max(element(x_.dims[3] - x), low) : end;
  std::fill(to, to + (low - part.begin), 0.0F);
  std::copy_n(image + y * x_.strides[2] + x * x_.strides[3] + low, high - low,
              to + (low - part.begin));
  std::fill(to + (high - part.begin), to + part.count, 0.0F);
}

}  // namespace vitq
