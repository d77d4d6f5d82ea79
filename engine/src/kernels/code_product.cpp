// SPDX-License-Identifier: Apache-2.0
#include "kernels/code_product.h"

#include <limits>

namespace vitq {
namespace {

// Whether whole codes of 16 bits with a sign have sums of 32 bits.
bool fits_whole(const CodeProductShape& shape) {
  if (digits_of(shape.left_bits) * digits_of(shape.right_bits) < 4) return false;
  if (shape.left_bits == kMostCodeBits) return false;
  const std::int64_t most =
      std::int64_t{max_code(shape.left_bits)} * max_weight_code(shape.right_bits);
  return shape.k <= std::numeric_limits<std::int32_t>::max() / most;
}

}  // namespace

CodeProduct::CodeProduct(const CodeKernels& kernels, const CodeProductShape& shape)
    : rows_(kernels.rows),
      gemm_(kernels.gemm),
      wide_(kernels.wide != nullptr && fits_whole(shape) ? kernels.wide : nullptr),
      left_(digits_of(shape.left_bits)),
      right_(digits_of(shape.right_bits)),
      base_(weight_digit_base(shape.right_bits)),
      n_(shape.n),
      k_(shape.k),
      sums_{.columns = shape.n} {
  if (wide_ == nullptr) sums_ = {left_, right_, base_, shape.n};
}

std::int64_t CodeProduct::a_bytes(std::int64_t m) const {
  return wide_ != nullptr ? wide_->a_bytes(m, k_) : gemm_.a_bytes(left_ * m, k_);
}

std::int64_t CodeProduct::b_bytes() const {
  return wide_ != nullptr ? wide_->b_bytes(n_, k_) : gemm_.b_bytes(right_ * n_, k_);
}

void CodeProduct::pack_a_row(const RowOfA& row, std::int16_t* room, std::byte* a) const {
  if (wide_ != nullptr) {
    rows_.join_u16(row.codes, row.codes + k_, k_, room);
    wide_->pack_a_row({room, k_, row.row}, a);
    return;
  }
  for (int digit = 0; digit < left_; ++digit) {
    gemm_.pack_a_row({row.codes + digit * k_, k_, digit * row.m + row.row}, a);
  }
}

void CodeProduct::pack_b_column(const std::int8_t* codes, std::int64_t column, std::int16_t* room,
                                std::byte* b) const {
  if (wide_ != nullptr) {
    rows_.join_s16(codes, codes + k_, base_, k_, room);
    wide_->pack_b_column({room, k_, column}, b);
    return;
  }
  for (int digit = 0; digit < right_; ++digit) {
    gemm_.pack_b_column({codes + digit * k_, k_, digit * n_ + column}, b);
  }
}

void CodeProduct::pack_b_row(const std::int8_t* codes, std::int64_t row, std::int16_t* room,
                             std::byte* b) const {
  if (wide_ != nullptr) {
    rows_.join_s16(codes, codes + n_, base_, n_, room);
    wide_->pack_b_row({room, n_, row}, k_, b);
  } else {
    gemm_.pack_b_row({codes, right_ * n_, row}, k_, b);
  }
}

void CodeProduct::multiply(std::int64_t m, const std::byte* a, const std::byte* b,
                           std::int32_t* sums) const {
  if (wide_ != nullptr) {
    wide_->multiply({.m = m, .n = n_, .k = k_}, a, b, sums);
  } else {
    gemm_.multiply({.m = left_ * m, .n = right_ * n_, .k = k_}, a, b, sums);
  }
}

}  // namespace vitq
