// SPDX-License-Identifier: Apache-2.0
// The end of every row that the next layer reads as codes.
#pragma once

#include <span>

#include "kernels/kernel.h"

namespace vitq {

// Scale and lo of a row of codes.
struct RowScale {
  float scale, lo;
};
// Of row number `row`, whose values span this.
RowScale scale_of_row(const RowCoding& coding, std::int64_t row, RowRange span);
// Of row number `row` of an operand coded before.
RowScale row_scale_of(const RowCoding& coding, Buffers buffers, std::int64_t row);
// Where that looks them up; nowhere, if they are frozen.
void keep_row_scale(const RowCoding& coding, Buffers buffers, std::int64_t row, RowScale range);

// Rows of `n` floats to rows of codes, as a RowCoding says.
class RowCoder {
 public:
  RowCoder(const RowCoding& coding, std::int64_t n, const RowKernels& rows);

  // Codes row number `row`. `room` holds a row too, and may be `values`; it is overwritten where
  // something has to be done to values before they are coded.
  void encode(Buffers buffers, std::int64_t row, const float* values, float* room,
              std::uint8_t* codes) const;
  // Codes of `n` of the values of such a row, as `range` says, and nothing else.
  struct Values {
    const float* from;
    std::int64_t n, row;
  };
  void write_codes(const Values& values, RowScale range, std::uint8_t* codes) const;
  // As `encode`, leaving in `values` what the codes stand for: lo + scale * code.
  void simulate(Buffers buffers, std::int64_t row, float* values, std::uint8_t* codes) const;

 private:
  RowRange span_of(Buffers buffers, const float* values, float* room) const;

  RowCoding coding_;
  std::int64_t n_;
  const RowKernels& rows_;
};

}  // namespace vitq
