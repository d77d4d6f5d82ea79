// SPDX-License-Identifier: Apache-2.0
#include "kernels/im2col.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "kernels/workspace.h"
#include "plan/linear_constants.h"

namespace vitq {
namespace {

// Axes of a patch, in [N, H', W', kernel, kernel, C].
constexpr int kDown = 3;
constexpr int kAcross = 4;

RowWalk corners_of(const View& im2col) {
  View corners = im2col;
  corners.dims = {corners.dims[0], corners.dims[1], corners.dims[2], 1};
  return walk_rows(std::vector<View>{corners});
}

void gather(const Patch& patch, const float* corner, float* values) {
  for (const Patch::Run& run : patch.runs) {
    std::copy_n(corner + run.in_image, run.length, values + run.in_patch);
  }
}

// Runs of bytes are short: eight at a time, the last eight once more, and no call.
void gather(const Patch& patch, const std::uint8_t* corner, std::uint8_t* codes) {
  constexpr std::int64_t kStep = 8;
  for (const Patch::Run& run : patch.runs) {
    const std::uint8_t* source = corner + run.in_image;
    std::uint8_t* target = codes + run.in_patch;
    if (run.length < kStep) {
      for (std::int64_t i = 0; i < run.length; ++i) target[i] = source[i];
      continue;
    }
    for (std::int64_t i = 0; i < run.length; i += kStep) {
      const std::int64_t begin = std::min(i, run.length - kStep);
      std::memcpy(target + begin, source + begin, kStep);
    }
  }
}

// Low digits lie so far after the others.
RowCoding coded_beside(RowCoding coding, std::int64_t distance) {
  coding.low_digits = distance;
  return coding;
}

// Of the whole image, if something is done to each of them first.
std::int64_t pixels_of(const step::Im2col& im2col) {
  if (im2col.smoothed) return im2col.smoothed->dims[0];
  return im2col.ranges ? im2col.ranges->dims[0] : 0;
}

class Im2colKernel : public Kernel {
 public:
  Im2colKernel(const Step& step, const KernelContext& context)
      : patches_(std::get<step::Quantize>(step.op).x),
        out_(step.out),
        patch_(patches_),
        threads_(context.threads),
        coder_(coded_beside(*step.epilogue.coding, patch_.elements), patch_.elements, context.rows),
        corners_(corners_of(patches_)),
        codes_(layout_.add<std::uint8_t>(step.epilogue.coding->digits() * patch_.elements)) {}

  std::int64_t workspace_bytes() const override { return layout_.bytes(threads_); }
  void run(const Run& run) const noexcept override {
    const Buffers buffers = run.buffers;
    const std::int64_t columns = out_.dims[-1];
    parallel_chunks(
        run.team, corners_.rows, [&](std::int64_t thread, std::int64_t begin, std::int64_t end) {
          std::uint8_t* codes = codes_.in(layout_.slot(run.workspace, thread));
          RowCursor cursor(corners_, begin);
          for (std::int64_t row = begin; row < end; ++row, cursor.next()) {
            float* values = data_of<float>(buffers, out_) + row * columns;
            gather(patch_, data_of<const float>(buffers, patches_) + cursor.offset(0), values);
            coder_.simulate(buffers, row, values, codes);
            std::fill(values + patch_.elements, values + columns, 0.0F);
          }
        });
  }
  std::string name() const override { return "im2col"; }

 private:
  View patches_, out_;
  Patch patch_;
  int threads_;
  RowCoder coder_;
  RowWalk corners_;
  WorkspaceLayout layout_;
  Part<std::uint8_t> codes_;  // of a patch
};

}  // namespace

Patch::Patch(const View& im2col) {
  const std::int64_t down = im2col.dims[kDown];
  const std::int64_t across = im2col.dims[kAcross];
  const std::int64_t channels = im2col.dims[-1];
  elements = down * across * channels;
  const bool joined = im2col.strides[kAcross] == channels;
  const std::int64_t length = joined ? across * channels : channels;
  for (std::int64_t i = 0; i < down; ++i) {
    for (std::int64_t j = 0; j < across; ++j) {
      const std::int64_t from = i * im2col.strides[kDown] + j * im2col.strides[kAcross];
      pixels.push_back(from / channels);
      if (joined && j > 0) continue;
      runs.push_back({from, (i * across + j) * channels, length});
    }
  }
}

Im2colCoder::Im2colCoder(const step::Im2col& im2col, const RowCoding& coding, std::int64_t columns,
                         const KernelContext& context)
    : im2col_(im2col),
      patch_(im2col.image),
      coding_(coding),
      channels_(im2col.image.dims[-1]),
      pixels_(pixels_of(im2col)),
      columns_(columns),
      rows_(context.rows),
      coder_(coding, patch_.elements, context.rows),
      corners_(corners_of(im2col.image)) {}

void Im2colCoder::prepare(const Run& run) const {
  parallel_chunks(run.team, pixels_, [&](std::int64_t, std::int64_t begin, std::int64_t end) {
    for (std::int64_t pixel = begin; pixel < end; ++pixel) {
      prepare_pixel(run.buffers, pixel);
    }
  });
}

// The offsets and scales of a patch are those of its pixels' channels, over and over.
void Im2colCoder::prepare_pixel(Buffers buffers, std::int64_t pixel) const {
  const View& image = im2col_.image;
  const float* x = data_of<const float>(buffers, image) - image.offset + pixel * channels_;
  float unread[2];
  float* range = im2col_.ranges ? data_of<float>(buffers, *im2col_.ranges) + 2 * pixel : unread;
  if (im2col_.smoothed) {
    rows_.center_scale_min_max({x, data_of<const float>(buffers, *coding_.channel_offset),
                                data_of<const float>(buffers, *coding_.inverse_smoothing)},
                               channels_,
                               data_of<float>(buffers, *im2col_.smoothed) + pixel * channels_,
                               range, range + 1);
  } else {
    rows_.min_max(x, channels_, range, range + 1);
  }
}

void Im2colCoder::encode(Buffers buffers, std::int64_t begin, std::int64_t end,
                         std::uint8_t* codes) const {
  const View& image = im2col_.image;
  RowCursor cursor(corners_, begin);
  for (std::int64_t row = begin; row < end; ++row, cursor.next(), codes += columns_) {
    if (image.dtype == DType::kU8) {
      gather(patch_, data_of<const std::uint8_t>(buffers, image) + cursor.offset(0), codes);
    } else {
      encode_floats(buffers, row, image.offset + cursor.offset(0), codes);
    }
    for (int digit = 0; digit < coding_.digits(); ++digit) {
      std::fill_n(codes + digit * coding_.low_digits + patch_.elements, columns_ - patch_.elements,
                  std::uint8_t{0});
    }
  }
}

// The patch whose first element is number `corner` of the image, straight from there.
void Im2colCoder::encode_floats(Buffers buffers, std::int64_t row, std::int64_t corner,
                                std::uint8_t* codes) const {
  const View& image = im2col_.image;
  const float* values = im2col_.smoothed ? data_of<const float>(buffers, *im2col_.smoothed)
                                         : data_of<const float>(buffers, image) - image.offset;
  const RowScale range = range_of(buffers, row, corner);
  for (const Patch::Run& run : patch_.runs) {
    coder_.write_codes({values + corner + run.in_image, run.length, row}, range,
                       codes + run.in_patch);
  }
}

RowScale Im2colCoder::range_of(Buffers buffers, std::int64_t row, std::int64_t corner) const {
  if (!coding_.ranges) return {coding_.scale, coding_.lo};
  const float* first = data_of<const float>(buffers, *im2col_.ranges) + 2 * (corner / channels_);
  float lo = first[0];
  float hi = first[1];
  for (const std::int64_t pixel : patch_.pixels) {
    lo = std::min(lo, first[2 * pixel]);
    hi = std::max(hi, first[2 * pixel + 1]);
  }
  const RowScale result = scale_of_row(coding_, row, {lo, hi});
  keep_row_scale(coding_, buffers, row, result);
  return result;
}

std::unique_ptr<Kernel> make_im2col(const Step& step, const KernelContext& context) {
  const auto* quantize = std::get_if<step::Quantize>(&step.op);
  if (quantize == nullptr || !is_im2col(quantize->x)) return {};
  return std::make_unique<Im2colKernel>(step, context);
}

}  // namespace vitq
