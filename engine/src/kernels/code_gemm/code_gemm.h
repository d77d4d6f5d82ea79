// SPDX-License-Identifier: Apache-2.0
// These are products of two matrices of codes that are both made at run time, as attention has
// them. Sums are exact in s32, so all implementations give the same.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vitq {

// It describes c [m, n] = a [m, k] b [k, n].
struct CodeGemmShape {
  std::int64_t m = 0, n = 0, k = 0;
};

// An implementation holds a row of `a` or `b`, or a column of `b`, in a form of its own.
template <typename Code>
struct CodeRow {
  const Code* codes = nullptr;
  std::int64_t count = 0;
  std::int64_t index = 0;  // which row or column it is
};

// This is one implementation, which holds `a` and `b` in memory of the caller.
struct CodeGemm {
  const char* name;
  // They tell how many bytes `a` and `b` take in its form.
  std::int64_t (*a_bytes)(std::int64_t m, std::int64_t k);
  std::int64_t (*b_bytes)(std::int64_t n, std::int64_t k);
  void (*multiply)(const CodeGemmShape& shape, const std::byte* a, const std::byte* b,
                   std::int32_t* c);
  void (*pack_a_row)(const CodeRow<std::uint8_t>& row, std::byte* a);
  void (*pack_b_column)(const CodeRow<std::int8_t>& column, std::byte* b);
  // It is called for all rows of `b`, one after the other from the first; `k` is their number.
  void (*pack_b_row)(const CodeRow<std::int8_t>& row, std::int64_t k, std::byte* b);
};

// The same for codes of up to 15 bits and a sign, whose sums the caller knows to fit 32 bits.
struct WideCodeGemm {
  const char* name;
  std::int64_t (*a_bytes)(std::int64_t m, std::int64_t k);
  std::int64_t (*b_bytes)(std::int64_t n, std::int64_t k);
  void (*multiply)(const CodeGemmShape& shape, const std::byte* a, const std::byte* b,
                   std::int32_t* c);
  void (*pack_a_row)(const CodeRow<std::int16_t>& row, std::byte* a);
  void (*pack_b_column)(const CodeRow<std::int16_t>& column, std::byte* b);
  void (*pack_b_row)(const CodeRow<std::int16_t>& row, std::int64_t k, std::byte* b);
};

// Every CPU can run this one; code_gemm() of kernels/select.h gives the fastest.
const CodeGemm& portable_code_gemm();
// The arbiter has plain loops, and `a` and the columns of `b` as rows of bytes.
const CodeGemm& reference_code_gemm();

}  // namespace vitq
