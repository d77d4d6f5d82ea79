// SPDX-License-Identifier: Apache-2.0
// Images are resampled as Pillow does it. Each output sample is a weighted mean of the input
// samples under the filter, which is stretched by the scale when the image shrinks. There is one
// pass along each axis, each in fixed point and rounded to 8 bits.
#include "vision/resize.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/cpu.h"
#include "vision/resize_axis.h"
#include "vision/resize_kernels.h"

namespace vitq {
namespace {

// Rows of pixels in memory that reaches to `end`.
struct PixelRows {
  const std::uint8_t* data;
  std::ptrdiff_t stride;  // in bytes
  int width;
  int height;
  const std::uint8_t* end;

  const std::uint8_t* row(int y) const { return data + y * stride; }
};

PixelRows pixels_of(const Image& image, const Rectangle& part) {
  const std::uint8_t* data = image.row(part.top) + std::ptrdiff_t{3} * part.left;
  return {data, std::ptrdiff_t{3} * image.width, part.width, part.height,
          image.rgb.data() + image.rgb.size()};
}

PixelRows pixels_of(const Image& image) {
  return pixels_of(image, {0, 0, image.width, image.height});
}

// The rows of an image, of which the last are copied to memory that goes on behind them.
class SlackRows {
 public:
  explicit SlackRows(const PixelRows& pixels) : pixels_(pixels), copied_from_(pixels.height) {
    const std::ptrdiff_t bytes = std::ptrdiff_t{3} * pixels.width;
    constexpr std::ptrdiff_t kSlack = ResizeKernels::kSlack;
    while (copied_from_ > 0 && pixels.end - pixels.row(copied_from_ - 1) < bytes + kSlack) {
      --copied_from_;
    }
    if (copied_from_ == pixels.height) return;
    copy_.assign(pixels.row(copied_from_), pixels.row(pixels.height - 1) + bytes);
    copy_.resize(copy_.size() + kSlack);
  }

  const std::uint8_t* row(int y) const {
    if (y < copied_from_) return pixels_.row(y);
    return copy_.data() + (y - copied_from_) * pixels_.stride;
  }

 private:
  const PixelRows& pixels_;
  int copied_from_;
  std::vector<std::uint8_t> copy_;
};

// `out` has a column for each of the axis's taps.
void resample_columns(const PixelRows& in, const ResizeAxis& axis, Image& out) {
  const ResizeKernels& kernels = resize_kernels(cpu());
  const SlackRows rows(in);
  std::array<const std::uint8_t*, ResizeKernels::kRows> from = {};
  std::array<std::uint8_t*, ResizeKernels::kRows> to = {};
  for (int y = 0; y < in.height; y += ResizeKernels::kRows) {
    for (int r = 0; r < ResizeKernels::kRows; ++r) {
      const int at = std::min(y + r, in.height - 1);
      from[static_cast<std::size_t>(r)] = rows.row(at);
      to[static_cast<std::size_t>(r)] = out.row(at);
    }
    kernels.columns(from.data(), axis.taps.data(), out.width, axis.view(), to.data());
  }
}

// `out` has a row for each of the axis's taps.
void resample_rows(const PixelRows& in, const ResizeAxis& axis, Image& out) {
  const ResizeKernels& kernels = resize_kernels(cpu());
  for (int y = 0; y < out.height; ++y) {
    const ResizeTaps& taps = axis.taps[static_cast<std::size_t>(y)];
    kernels.rows({in.row(taps.first), in.stride}, taps, axis.view(), std::int64_t{3} * out.width,
                 out.row(y));
  }
}

// Pillow 13's rule. The order shows in the result, since the first pass rounds to 8 bits.
bool rows_first(const Image& image, int width, int height) {
  return image.height - height > 2 * std::max(0, image.width - width);
}

}  // namespace

Image resize_part(const Image& image, int width, int height, Filter filter, const Rectangle& part) {
  Image out = make_image(part.width, part.height);
  const ResizeAxis across = make_resize_axis(image.width, width, filter, {part.left, part.width});
  const ResizeAxis down = make_resize_axis(image.height, height, filter, {part.top, part.height});
  const Rectangle read = {across.inputs.begin, down.inputs.begin, across.inputs.count,
                          down.inputs.count};
  if (across.kept && down.kept) return crop(image, part);
  const PixelRows in = pixels_of(image, read);
  if (across.kept) {
    resample_rows(in, down, out);
  } else if (down.kept) {
    resample_columns(in, across, out);
  } else if (rows_first(image, width, height)) {
    Image between = make_image(read.width, part.height);
    resample_rows(in, down, between);
    resample_columns(pixels_of(between), across, out);
  } else {
    Image between = make_image(part.width, read.height);
    resample_columns(in, across, between);
    resample_rows(pixels_of(between), down, out);
  }
  return out;
}

Image resize(const Image& image, int width, int height, Filter filter) {
  return resize_part(image, width, height, filter, {0, 0, width, height});
}

}  // namespace vitq
