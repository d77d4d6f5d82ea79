// SPDX-License-Identifier: Apache-2.0
// The end of every row that the next layer reads as codes.
#pragma once

#include <span>

#include "kernels/kernel.h"

namespace vitq {

// Rows of `n` floats to rows of codes, as a RowCoding says.
class RowCoder {
 public:
  RowCoder(const RowCoding& coding, std::int64_t n, const Rows& rows);

  // Codes row number `row`. `room` holds a row too, and may be `values`; it is overwritten where
  // something has to be done to values before they are coded.
  void encode(Buffers buffers, std::int64_t row, const float* values, float* room,
              std::uint8_t* codes) const;
  // The same, leaving in `values` what the codes stand for: lo + scale * code.
  void simulate(Buffers buffers, std::int64_t row, float* values, std::uint8_t* codes) const;

 private:
  struct RowRange {
    float scale, lo;
  };
  RowRange range_of(const float* values) const;

  RowCoding coding_;
  std::int64_t n_;
  const Rows& rows_;
};

// Scale and lo of row number `row` of an operand coded before.
struct RowScale {
  float scale, lo;
};
RowScale row_scale_of(const RowCoding& coding, Buffers buffers, std::int64_t row);

}  // namespace vitq
