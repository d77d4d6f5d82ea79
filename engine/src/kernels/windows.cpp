// SPDX-License-Identifier: Apache-2.0
#include "kernels/windows.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "plan/linear_constants.h"

namespace vitq {
namespace {

// Axes of a window, in [N, H', W', kernel, kernel, C].
constexpr int kDown = 3;
constexpr int kAcross = 4;

std::int64_t elements_of(const View& windows) {
  return windows.dims[kDown] * windows.dims[kAcross] * windows.dims[-1];
}

RowWalk corners_of(const View& windows) {
  View corners = windows;
  corners.dims = {corners.dims[0], corners.dims[1], corners.dims[2], 1};
  return walk_rows(std::vector<View>{corners});
}

// Calls visit(offset in the picture, offset in the window, length) for the runs of elements that
// lie side by side in both.
template <typename Visit>
void for_each_run(const View& windows, const Visit& visit) {
  const std::int64_t channels = windows.dims[-1];
  const bool joined = windows.strides[kAcross] == channels;
  const std::int64_t across = joined ? 1 : windows.dims[kAcross];
  const std::int64_t length = joined ? windows.dims[kAcross] * channels : channels;
  std::int64_t to = 0;
  for (std::int64_t i = 0; i < windows.dims[kDown]; ++i) {
    for (std::int64_t j = 0; j < across; ++j, to += length) {
      visit(i * windows.strides[kDown] + j * windows.strides[kAcross], to, length);
    }
  }
}

void gather(const View& windows, const float* corner, float* values) {
  for_each_run(windows, [&](std::int64_t from, std::int64_t to, std::int64_t length) {
    std::copy_n(corner + from, length, values + to);
  });
}

// Runs of bytes are short: eight at a time, the last eight once more, and no call.
void gather(const View& windows, const std::uint8_t* corner, std::uint8_t* codes) {
  constexpr std::int64_t kStep = 8;
  for_each_run(windows, [&](std::int64_t from, std::int64_t to, std::int64_t length) {
    const std::uint8_t* source = corner + from;
    std::uint8_t* target = codes + to;
    if (length < kStep) {
      for (std::int64_t i = 0; i < length; ++i) target[i] = source[i];
      return;
    }
    for (std::int64_t i = 0; i < length; i += kStep) {
      const std::int64_t begin = std::min(i, length - kStep);
      std::memcpy(target + begin, source + begin, kStep);
    }
  });
}

class WindowsKernel : public Kernel {
 public:
  WindowsKernel(const Step& step, const KernelContext& context)
      : windows_(step.in[0]),
        out_(step.out),
        elements_(elements_of(windows_)),
        threads_(context.threads),
        coder_(*step.epilogue.coding, elements_, context.rows),
        corners_(corners_of(windows_)),
        codes_(threads_, elements_) {}

  void run(Buffers buffers) noexcept override {
    const std::int64_t columns = out_.dims[-1];
    parallel_chunks(
        threads_, corners_.rows, [&](std::int64_t chunk, std::int64_t begin, std::int64_t end) {
          RowCursor cursor(corners_, begin);
          for (std::int64_t row = begin; row < end; ++row, cursor.next()) {
            float* values = data_of<float>(buffers, out_) + row * columns;
            gather(windows_, data_of<const float>(buffers, windows_) + cursor.offset(0), values);
            coder_.simulate(buffers, row, values, codes_[chunk]);
            std::fill(values + elements_, values + columns, 0.0F);
          }
        });
  }
  std::string name() const override { return "windows"; }

 private:
  View windows_, out_;
  std::int64_t elements_;
  int threads_;
  RowCoder coder_;
  RowWalk corners_;
  PerThread<std::uint8_t> codes_;  // of a window
};

}  // namespace

WindowCoder::WindowCoder(const step::Windows& windows, const RowCoding& coding,
                         std::int64_t columns, const KernelContext& context)
    : windows_(windows),
      coding_(coding),
      columns_(columns),
      threads_(context.threads),
      rows_(context.rows),
      coder_(coding, elements_of(windows.picture), context.rows),
      corners_(corners_of(windows.picture)) {
  if (coding_.shift) {
    values_ = PerThread<float>(threads_, elements_of(windows.picture));
  }
}

void WindowCoder::find_ranges(Buffers buffers) const {
  if (coding_.shift || !coding_.rows) return;
  const View& picture = windows_.picture;
  const std::int64_t channels = picture.dims[-1];
  const auto* pixels = data_of<const float>(buffers, picture) - picture.offset;
  auto* ranges = data_of<float>(buffers, *windows_.ranges);
  parallel_chunks(threads_, windows_.ranges->dims[0],
                  [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                    for (std::int64_t pixel = begin; pixel < end; ++pixel) {
                      rows_.min_max(pixels + pixel * channels, channels, ranges + 2 * pixel,
                                    ranges + 2 * pixel + 1);
                    }
                  });
}

void WindowCoder::encode(Buffers buffers, const Span& rows, std::uint8_t* codes) {
  const std::int64_t elements = elements_of(windows_.picture);
  RowCursor cursor(corners_, rows.begin);
  for (std::int64_t row = rows.begin; row < rows.end; ++row, cursor.next(), codes += columns_) {
    if (windows_.picture.dtype == DType::kU8) {
      const auto* picture = data_of<const std::uint8_t>(buffers, windows_.picture);
      gather(windows_.picture, picture + cursor.offset(0), codes);
    } else if (coding_.shift) {
      float* values = values_[rows.thread];
      gather(windows_.picture, data_of<const float>(buffers, windows_.picture) + cursor.offset(0),
             values);
      coder_.encode(buffers, row, values, values, codes);
    } else {
      encode_in_place(buffers, row, cursor.offset(0), codes);
    }
    std::fill(codes + elements, codes + columns_, std::uint8_t{0});
  }
}

// Straight from the picture.
void WindowCoder::encode_in_place(Buffers buffers, std::int64_t row, std::int64_t corner,
                                  std::uint8_t* codes) const {
  const auto* from = data_of<const float>(buffers, windows_.picture) + corner;
  const RowScale range = range_of(buffers, row, windows_.picture.offset + corner);
  const float inverse = 1.0F / range.scale;
  const auto top = static_cast<float>(top_code(coding_.bits));
  for_each_run(windows_.picture, [&](std::int64_t run, std::int64_t to, std::int64_t length) {
    rows_.quantize_u8(from + run, length, range.lo, inverse, top, codes + to);
  });
}

// Of the window whose first element is number `corner` of the picture.
RowScale WindowCoder::range_of(Buffers buffers, std::int64_t row, std::int64_t corner) const {
  if (!coding_.rows) return {coding_.scale, coding_.lo};
  const View& picture = windows_.picture;
  const std::int64_t channels = picture.dims[-1];
  const float* first = data_of<const float>(buffers, *windows_.ranges) + 2 * (corner / channels);
  float lo = first[0];
  float hi = first[1];
  for (std::int64_t down = 0; down < picture.dims[kDown]; ++down) {
    for (std::int64_t across = 0; across < picture.dims[kAcross]; ++across) {
      const std::int64_t offset = down * picture.strides[kDown] + across * picture.strides[kAcross];
      const float* range = first + 2 * (offset / channels);
      lo = std::min(lo, range[0]);
      hi = std::max(hi, range[1]);
    }
  }
  const RowScale result = {row_scale(lo, hi, coding_.bits), lo};
  keep_row_scale(coding_, buffers, row, result);
  return result;
}

std::unique_ptr<Kernel> make_windows(const Step& step, const KernelContext& context) {
  if (!std::holds_alternative<step::Quantize>(step.op) || !are_windows(step.in[0])) return {};
  return std::make_unique<WindowsKernel>(step, context);
}

}  // namespace vitq
