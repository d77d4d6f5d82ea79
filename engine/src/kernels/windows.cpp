// SPDX-License-Identifier: Apache-2.0
#include "kernels/windows.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "kernels/coding.h"
#include "plan/views.h"

namespace vitq {
namespace {

// [N, H', W', kernel, kernel, C]
constexpr int kWindowsRank = 6;
constexpr std::size_t kDown = 3, kAcross = 4;  // axes of a window

class WindowsKernel : public Kernel {
 public:
  WindowsKernel(const Step& step, const KernelContext& context)
      : step_(step),
        threads_(context.threads),
        columns_(window_elements(step.in[0].dims)),
        filling_(step.out.dims[-1] - columns_),
        coder_(*step.epilogue.coding, columns_, context.rows) {
    View corners = step.in[0];
    corners.dims = {corners.dims[0], corners.dims[1], corners.dims[2], 1};
    walk_ = walk_rows(std::vector<View>{corners, step.out});
    const Shape& dims = step.in[0].dims;
    // Where neighbours in a row of the picture are neighbours in memory, they are one run.
    const bool joined = step.in[0].strides[kAcross] == dims[-1];
    run_ = joined ? dims[kAcross] * dims[-1] : dims[-1];
    runs_ = joined ? 1 : dims[kAcross];
    values_.resize(static_cast<std::size_t>(columns_ * threads_));
    codes_.resize(step.out.dtype == DType::kU8 ? 0 : values_.size());
  }

  void run(Buffers buffers) noexcept override {
    const std::int64_t chunks = std::min<std::int64_t>(walk_.rows, threads_);
    parallel_for(threads_, chunks, [&](std::int64_t chunk) {
      const std::int64_t end = walk_.rows * (chunk + 1) / chunks;
      const std::int64_t begin = walk_.rows * chunk / chunks;
      RowCursor cursor(walk_, begin);
      for (std::int64_t row = begin; row < end; ++row, cursor.next()) {
        const auto* corner = data_of<const float>(buffers, step_.in[0]) + cursor.offset(0);
        code(buffers, {chunk, row}, corner, cursor.offset(1));
      }
    });
  }
  std::string name() const override { return "windows"; }

 private:
  struct Place {
    std::int64_t chunk, row;
  };

  static std::int64_t window_elements(const Shape& dims) { return dims[3] * dims[4] * dims[5]; }

  void code(Buffers buffers, Place place, const float* corner, std::int64_t offset) {
    const auto own = static_cast<std::size_t>(place.chunk * columns_);
    if (step_.out.dtype == DType::kU8) {
      auto* codes = data_of<std::uint8_t>(buffers, step_.out) + offset;
      gather(corner, &values_[own]);
      coder_.encode(buffers, place.row, &values_[own], codes);
      std::fill_n(codes + columns_, filling_, std::uint8_t{0});
      return;
    }
    float* out = data_of<float>(buffers, step_.out) + offset;
    gather(corner, out);
    coder_.simulate(buffers, place.row, out, &codes_[own]);
    std::fill_n(out + columns_, filling_, 0.0F);
  }

  void gather(const float* corner, float* to) const {
    const View& x = step_.in[0];
    for (std::int64_t down = 0; down < x.dims[static_cast<int>(kDown)]; ++down) {
      const float* from = corner + down * x.strides[kDown];
      for (std::int64_t i = 0; i < runs_; ++i, to += run_) {
        std::memcpy(to, from + i * x.strides[kAcross],
                    static_cast<std::size_t>(run_) * sizeof(float));
      }
    }
  }

  Step step_;
  int threads_;
  std::int64_t columns_;
  std::int64_t filling_;  // zeros after them
  RowCoder coder_;
  RowWalk walk_;
  std::int64_t run_ = 0;             // elements that lie side by side
  std::int64_t runs_ = 0;            // of them in a row of a window
  std::vector<float> values_;        // a window for each thread
  std::vector<std::uint8_t> codes_;  // likewise, where values are stored
};

}  // namespace

std::unique_ptr<Kernel> make_windows(const Step& step, const KernelContext& context) {
  const bool windows =
      std::holds_alternative<step::Quantize>(step.op) && step.in[0].dims.rank() == kWindowsRank;
  if (!windows) return {};
  return std::make_unique<WindowsKernel>(step, context);
}

}  // namespace vitq
