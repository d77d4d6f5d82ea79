// SPDX-License-Identifier: Apache-2.0
// A product of two matrices of codes that are made at run time, of one digit or two each. Digits
// are rows of `a` and columns of `b` of their own. Where both operands have two and sums fit 32
// bits, whole codes are multiplied instead, in half the time.
#pragma once

#include "kernels/code_gemm/code_gemm.h"
#include "kernels/digits.h"

namespace vitq {

// It multiplies [m, k] by [k, n]. The most bits of the codes of both sides are known.
struct CodeProductShape {
  int left_bits, right_bits;
  std::int64_t n, k;
};

// What such a product is made by. `wide` is null where there are no products of whole codes.
struct CodeKernels {
  const RowKernels& rows;
  const CodeGemm& gemm;
  const WideCodeGemm* wide;
};

class CodeProduct {
 public:
  CodeProduct(const CodeKernels& kernels, const CodeProductShape& shape);

  // Digits of codes as they are given to this.
  int left_digits() const { return left_; }
  int right_digits() const { return right_; }
  std::int32_t right_base() const { return base_; }
  const DigitProduct& sums() const { return sums_; }
  const char* name() const { return wide_ != nullptr ? wide_->name : gemm_.name; }

  std::int64_t a_bytes(std::int64_t m) const;
  std::int64_t b_bytes() const;
  // A row is k codes, the high digits before the low ones. `row` says which of `m` it is.
  // `room` holds a row of whole codes.
  struct RowOfA {
    const std::uint8_t* codes;
    std::int64_t row, m;
  };
  void pack_a_row(const RowOfA& row, std::int16_t* room, std::byte* a) const;
  // So is a column, and a row of `b` is n of them. Rows come one after the other from the first.
  void pack_b_column(const std::int8_t* codes, std::int64_t column, std::int16_t* room,
                     std::byte* b) const;
  void pack_b_row(const std::int8_t* codes, std::int64_t row, std::int16_t* room,
                  std::byte* b) const;
  void multiply(std::int64_t m, const std::byte* a, const std::byte* b, std::int32_t* sums) const;

 private:
  const RowKernels& rows_;
  const CodeGemm& gemm_;
  const WideCodeGemm* wide_;  // null: digit by digit
  int left_, right_;
  std::int32_t base_;
  std::int64_t n_, k_;
  DigitProduct sums_;
};

}  // namespace vitq
