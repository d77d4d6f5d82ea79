// SPDX-License-Identifier: Apache-2.0
// Copies between strided views of floats and codes.
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
  CopyKernel(const Step& step, const View& x) {
    // Rows run along the axis that is contiguous in the output.
    const std::vector<int> order = memory_order(step.out);
    views_ = {permuted(x, order), permuted(step.out, order)};
    walk_ = walk_rows(views_);
    columns_ = views_[0].dims[-1];
    stride_ = views_[0].strides[static_cast<std::size_t>(views_[0].dims.rank() - 1)];
    if (walk_.extents.empty()) return;
    run_ = walk_.extents.back();
    from_step_ = walk_.strides[0].back();
    to_step_ = walk_.strides[1].back();
  }

  void run(const Run& run) const noexcept override {
    const Buffers buffers = run.buffers;
    parallel_chunks(run.team, walk_.rows, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end;) {
        const RowCursor cursor(walk_, row);
        const std::int64_t rows = std::min(end - row, run_ - row % run_);
        copy_rows(data_of<const From>(buffers, views_[0]) + cursor.offset(0),
                  data_of<To>(buffers, views_[1]) + cursor.offset(1), rows);
        row += rows;
      }
    });
  }
  std::string name() const override { return "copy"; }

 private:
  void copy_rows(const From* from, To* to, std::int64_t rows) const {
    const bool as_it_lies = stride_ == 1 && sizeof(From) == sizeof(To);
    const std::size_t bytes = static_cast<std::size_t>(columns_) * sizeof(To);
    constexpr std::size_t kVector = 16;  // of patches of pixels: no call
    for (; rows > 0; --rows, from += from_step_, to += to_step_) {
      if (as_it_lies && bytes == kVector) {
        std::memcpy(to, from, kVector);
      } else if (as_it_lies) {
        std::memcpy(to, from, bytes);
      } else {
        for (std::int64_t i = 0; i < columns_; ++i) to[i] = static_cast<To>(from[i * stride_]);
      }
    }
  }

  std::array<View, 2> views_;
  RowWalk walk_;
  std::int64_t columns_ = 0;
  std::int64_t stride_ = 1;
  // So many rows in turn lie a step apart in each view.
  std::int64_t run_ = 1;
  std::int64_t from_step_ = 0, to_step_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_copy(const Step& step, const KernelContext&) {
  const auto* copy = std::get_if<step::Copy>(&step.op);
  if (copy == nullptr) return {};
  const View& x = copy->x;
  if (step.out.dtype == DType::kU8) {
    return std::make_unique<CopyKernel<std::uint8_t, std::uint8_t>>(step, x);
  }
  if (x.dtype == DType::kU8) {
    return std::make_unique<CopyKernel<std::uint8_t, float>>(step, x);
  }
  return std::make_unique<CopyKernel<float, float>>(step, x);
}

}  // namespace vitq
