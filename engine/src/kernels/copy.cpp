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
  }

  void run(const Run& run) const noexcept override {
    const Buffers buffers = run.buffers;
    parallel_chunks(run.team, walk_.rows, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
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

  std::array<View, 2> views_;
  RowWalk walk_;
  std::int64_t columns_ = 0;
  std::int64_t stride_ = 1;
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
