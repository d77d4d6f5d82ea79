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

  // First of all, once in a run: finds the range of every pixel, though many patches share it.
  void find_ranges(const Run& run) const;
  // Patches [begin, end) as rows of codes. `patch` is memory for patch_floats() floats.
  void encode(Buffers buffers, std::int64_t begin, std::int64_t end, float* patch,
              std::uint8_t* codes) const;
  std::int64_t patch_floats() const;

 private:
  void encode_in_place(Buffers buffers, std::int64_t row, std::int64_t corner,
                       std::uint8_t* codes) const;
  RowScale range_of(Buffers buffers, std::int64_t row, std::int64_t corner) const;

  step::Im2col im2col_;
  Patch patch_;
  RowCoding coding_;
  std::int64_t channels_, columns_;
  const RowKernels& rows_;
  RowCoder coder_;
  RowWalk corners_;
};

// Quantize where the operand is patches, to the values that codes stand for.
std::unique_ptr<Kernel> make_im2col(const Step& step, const KernelContext& context);

}  // namespace vitq
