// SPDX-License-Identifier: Apache-2.0
// Copies between strided views of floats and codes, and network inputs back to pixels.
#include "kernels/copy.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/parallel.h"
#include "plan/views.h"

namespace vitq {
namespace {

template <typename From, typename To>
class CopyKernel : public Kernel {
 public:
  CopyKernel(const Step& step, int threads) : threads_(threads) {
    // Rows run along the axis that is contiguous in the output.
    const std::vector<int> order = memory_order(step.out);
    views_ = {permuted(step.in[0], order), permuted(step.out, order)};
    walk_ = walk_rows(views_);
    columns_ = views_[0].dims[-1];
    stride_ = views_[0].strides[static_cast<std::size_t>(views_[0].dims.rank() - 1)];
  }

  void run(Buffers buffers) noexcept override {
    parallel_chunks(threads_, walk_.rows, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      RowCursor cursor(walk_, begin);
      for (std::int64_t row = begin; row < end; ++row, cursor.next()) {
        copy_row(data_of<const From>(buffers, views_[0]) + cursor.offset(0),
                 data_of<To>(buffers, views_[1]) + cursor.offset(1));
      }
    });
  }
  std::string name() const override { return "copy"; }

 private:
  void copy_row(const From* from, To* to) const {
    if (stride_ == 1 && sizeof(From) == sizeof(To)) {
      std::memcpy(to, from, static_cast<std::size_t>(columns_) * sizeof(To));
      return;
    }
    for (std::int64_t i = 0; i < columns_; ++i) to[i] = static_cast<To>(from[i * stride_]);
  }

  int threads_;
  std::array<View, 2> views_;
  RowWalk walk_;
  std::int64_t columns_ = 0;
  std::int64_t stride_ = 1;
};

class PixelsKernel : public Kernel {
 public:
  PixelsKernel(const Step& step, const KernelContext& context)
      : step_(step),
        op_(std::get<step::Pixels>(step.op)),
        threads_(context.threads),
        rows_(context.rows) {}

  void run(Buffers buffers) noexcept override {
    const Shape& dims = step_.out.dims;  // [N, C, H, W]
    const std::int64_t width = dims[3];
    parallel_for(threads_, dims[0] * dims[1] * dims[2], [&](std::int64_t row) {
      const auto channel = static_cast<std::size_t>(row / dims[2] % dims[1]);
      // x = channel_offset + smoothing_scale * pixel
      rows_.quantize_u8(data_of<const float>(buffers, step_.in[0]) + row * width, width,
                        op_.channel_offset[channel], 1.0F / op_.smoothing_scale[channel], 255.0F,
                        data_of<std::uint8_t>(buffers, step_.out) + row * width);
    });
  }
  std::string name() const override { return "rows"; }

 private:
  Step step_;
  step::Pixels op_;
  int threads_;
  const RowKernels& rows_;
};

}  // namespace

std::unique_ptr<Kernel> make_copy(const Step& step, const KernelContext& context) {
  if (!std::holds_alternative<step::Copy>(step.op)) return {};
  if (step.out.dtype == DType::kU8) {
    return std::make_unique<CopyKernel<std::uint8_t, std::uint8_t>>(step, context.threads);
  }
  if (step.in[0].dtype == DType::kU8) {
    return std::make_unique<CopyKernel<std::uint8_t, float>>(step, context.threads);
  }
  return std::make_unique<CopyKernel<float, float>>(step, context.threads);
}

std::unique_ptr<Kernel> make_pixels(const Step& step, const KernelContext& context) {
  if (!std::holds_alternative<step::Pixels>(step.op)) return {};
  return std::make_unique<PixelsKernel>(step, context);
}

}  // namespace vitq
