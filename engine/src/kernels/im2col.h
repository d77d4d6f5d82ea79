// SPDX-License-Identifier: Apache-2.0
// The overlapping patches of a convolution are rows of codes, made where and when they are read.
// All of them together would be many times as large as the image.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/coding.h"
#include "kernels/kernel.h"
#include "plan/views.h"

namespace vitq {

// Where the elements of a patch lie in the image, from its first one on.
struct Patch {
  // Elements that are neighbours in both.
  struct Run {
    std::int64_t in_image, in_patch, length;
  };

  explicit Patch(const View& im2col);

  std::int64_t elements;
  std::vector<Run> runs;
  std::vector<std::int64_t> pixels;  // how many pixels after the first one
};

class Im2colCoder {
 public:
  // Rows of `columns` codes, as `coding` says.
  Im2colCoder(const step::Im2col& im2col, const RowCoding& coding, std::int64_t columns,
              const KernelContext& context);

  // First of all, once in a run: smooths every pixel and finds its range.
  void prepare(const Run& run) const;
  // Patches [begin, end) as rows of codes.
  void encode(Buffers buffers, std::int64_t begin, std::int64_t end, std::uint8_t* codes) const;

 private:
  void prepare_pixel(Buffers buffers, std::int64_t pixel) const;
  void encode_floats(Buffers buffers, std::int64_t row, std::int64_t corner,
                     std::uint8_t* codes) const;
  RowScale range_of(Buffers buffers, std::int64_t row, std::int64_t corner) const;

  step::Im2col im2col_;
  Patch patch_;
  RowCoding coding_;
  std::int64_t channels_, pixels_, columns_;
  const RowKernels& rows_;
  RowCoder coder_;
  RowWalk corners_;
};

// Quantize where the operand is patches, to the values that codes stand for.
std::unique_ptr<Kernel> make_im2col(const Step& step, const KernelContext& context);

}  // namespace vitq
