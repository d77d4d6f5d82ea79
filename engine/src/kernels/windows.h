// SPDX-License-Identifier: Apache-2.0
// The overlapping windows of a convolution as rows of codes, made where and when they are read: all
// of them together would be many times as large as the picture.
#pragma once

#include "core/per_thread.h"
#include "kernels/coding.h"
#include "kernels/kernel.h"
#include "plan/views.h"

namespace vitq {

class WindowCoder {
 public:
  // Rows of `columns` codes, as `coding` says.
  WindowCoder(const step::Windows& windows, const RowCoding& coding, std::int64_t columns,
              const KernelContext& context);

  // First of all, once in a run: finds the range of every pixel, though many windows share it.
  void find_ranges(Buffers buffers) const;
  struct Span {
    std::int64_t thread;  // whose memory is used
    std::int64_t begin, end;
  };
  void encode(Buffers buffers, const Span& rows, std::uint8_t* codes);

 private:
  void encode_in_place(Buffers buffers, std::int64_t row, std::int64_t corner,
                       std::uint8_t* codes) const;
  RowScale range_of(Buffers buffers, std::int64_t row, std::int64_t corner) const;

  step::Windows windows_;
  RowCoding coding_;
  std::int64_t columns_;
  int threads_;
  const Rows& rows_;
  RowCoder coder_;
  RowWalk corners_;
  PerThread<float> values_;  // a window
};

// Quantize where the operand is windows, to the values that codes stand for.
std::unique_ptr<Kernel> make_windows(const Step& step, const KernelContext& context);

}  // namespace vitq
