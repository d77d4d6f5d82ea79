// SPDX-License-Identifier: Apache-2.0
#include "kernels/windows.h"

#include <algorithm>

#include "core/parallel.h"
#include "kernels/coding.h"
#include "plan/views.h"

namespace vitq {
namespace {

// Axes of a window, in [N, H', W', kernel, kernel, C].
constexpr int kDown = 3;
constexpr int kAcross = 4;
constexpr int kWindowsRank = 6;

struct Place {
  std::int64_t chunk, row;
};

// Windows as runs of elements that lie side by side in the picture.
class Runs {
 public:
  explicit Runs(const View& windows)
      : down_(windows.dims[kDown]),
        down_stride_(windows.strides[kDown]),
        across_stride_(windows.strides[kAcross]) {
    const bool joined = across_stride_ == windows.dims[-1];
    across_ = joined ? 1 : windows.dims[kAcross];
    length_ = joined ? windows.dims[kAcross] * windows.dims[-1] : windows.dims[-1];
  }
  std::int64_t length() const { return length_; }
  // Calls visit(offset of the run in the picture, offset in the window).
  template <typename Visit>
  void for_each(const Visit& visit) const {
    std::int64_t to = 0;
    for (std::int64_t down = 0; down < down_; ++down) {
      for (std::int64_t across = 0; across < across_; ++across, to += length_) {
        visit(down * down_stride_ + across * across_stride_, to);
      }
    }
  }

 private:
  std::int64_t down_, down_stride_, across_stride_;
  std::int64_t across_, length_;
};

class WindowsKernel : public Kernel {
 public:
  WindowsKernel(const Step& step, const KernelContext& context)
      : step_(step),
        coding_(*step.epilogue.coding),
        threads_(context.threads),
        rows_(context.rows),
        columns_(step.in[0].dims[3] * step.in[0].dims[4] * step.in[0].dims[5]),
        filling_(step.out.dims[-1] - columns_),
        runs_(step.in[0]),
        coder_(coding_, columns_, context.rows) {
    View corners = step.in[0];
    corners.dims = {corners.dims[0], corners.dims[1], corners.dims[2], 1};
    walk_ = walk_rows(std::vector<View>{corners, step.out});
    values_.resize(static_cast<std::size_t>(columns_ * threads_));
    codes_.resize(step.out.dtype == DType::kU8 ? 0 : values_.size());
    in_place_ = step.out.dtype == DType::kU8 && !coding_.shift;
  }

  void run(Buffers buffers) noexcept override {
    if (in_place_ && coding_.rows) find_ranges(buffers);
    split(walk_.rows, [&](std::int64_t chunk, std::int64_t begin, std::int64_t end) {
      RowCursor cursor(walk_, begin);
      for (std::int64_t row = begin; row < end; ++row, cursor.next()) {
        if (in_place_) {
          code(buffers, row, cursor);
        } else {
          gather_and_code(buffers, {chunk, row}, cursor);
        }
      }
    });
  }
  std::string name() const override { return "windows"; }

 private:
  template <typename Body>
  void split(std::int64_t count, const Body& body) const {
    const std::int64_t chunks = std::min<std::int64_t>(count, threads_);
    parallel_for(threads_, chunks, [&](std::int64_t chunk) {
      body(chunk, count * chunk / chunks, count * (chunk + 1) / chunks);
    });
  }

  // Of every pixel once, though many windows share it.
  void find_ranges(Buffers buffers) const {
    const std::int64_t channels = step_.in[0].dims[-1];
    const auto* picture = data_of<const float>(buffers, step_.in[0]) - step_.in[0].offset;
    auto* ranges = data_of<float>(buffers, *step_.scratch);
    split(step_.scratch->dims[0], [&](std::int64_t, std::int64_t begin, std::int64_t end) {
      for (std::int64_t pixel = begin; pixel < end; ++pixel) {
        rows_.min_max(picture + pixel * channels, channels, ranges + 2 * pixel,
                      ranges + 2 * pixel + 1);
      }
    });
  }

  // Straight from the picture.
  void code(Buffers buffers, std::int64_t row, const RowCursor& cursor) const {
    const auto* corner = data_of<const float>(buffers, step_.in[0]) + cursor.offset(0);
    auto* codes = data_of<std::uint8_t>(buffers, step_.out) + cursor.offset(1);
    const RowScale range = range_of(buffers, row, step_.in[0].offset + cursor.offset(0));
    const auto top = static_cast<float>(top_code(coding_.bits));
    runs_.for_each([&](std::int64_t from, std::int64_t to) {
      rows_.quantize_u8(corner + from, runs_.length(), range.lo, 1.0F / range.scale, top,
                        codes + to);
    });
    std::fill_n(codes + columns_, filling_, std::uint8_t{0});
  }

  // Of the window whose first element is number `corner` of the picture.
  RowScale range_of(Buffers buffers, std::int64_t row, std::int64_t corner) const {
    if (!coding_.rows) return {coding_.scale, coding_.lo};
    const View& windows = step_.in[0];
    const std::int64_t channels = windows.dims[-1];
    const std::int64_t down_pixels = windows.strides[kDown] / channels;
    const std::int64_t across_pixels = windows.strides[kAcross] / channels;
    const float* first = data_of<const float>(buffers, *step_.scratch) + 2 * (corner / channels);
    float lo = first[0];
    float hi = first[1];
    for (std::int64_t down = 0; down < windows.dims[kDown]; ++down) {
      for (std::int64_t across = 0; across < windows.dims[kAcross]; ++across) {
        const float* range = first + 2 * (down * down_pixels + across * across_pixels);
        lo = std::min(lo, range[0]);
        hi = std::max(hi, range[1]);
      }
    }
    const RowScale result = {row_scale(lo, hi, coding_.bits), lo};
    auto* stored = data_of<float>(buffers, *coding_.rows) + 2 * row;
    stored[0] = result.scale;
    stored[1] = result.lo;
    return result;
  }

  void gather_and_code(Buffers buffers, Place place, const RowCursor& cursor) {
    const auto* corner = data_of<const float>(buffers, step_.in[0]) + cursor.offset(0);
    const auto own = static_cast<std::size_t>(place.chunk * columns_);
    const bool as_codes = step_.out.dtype == DType::kU8;
    float* values =
        as_codes ? &values_[own] : data_of<float>(buffers, step_.out) + cursor.offset(1);
    runs_.for_each([&](std::int64_t from, std::int64_t to) {
      std::copy_n(corner + from, runs_.length(), values + to);
    });
    if (as_codes) {
      auto* codes = data_of<std::uint8_t>(buffers, step_.out) + cursor.offset(1);
      coder_.encode(buffers, place.row, values, codes);
      std::fill_n(codes + columns_, filling_, std::uint8_t{0});
    } else {
      coder_.simulate(buffers, place.row, values, &codes_[own]);
      std::fill_n(values + columns_, filling_, 0.0F);
    }
  }

  Step step_;
  RowCoding coding_;
  int threads_;
  const Rows& rows_;
  std::int64_t columns_;
  std::int64_t filling_;  // zeros after them
  Runs runs_;
  RowCoder coder_;
  RowWalk walk_;
  bool in_place_ = false;      // whether nothing has to be done to values before they are coded
  std::vector<float> values_;  // a window for each thread
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
