// SPDX-License-Identifier: Apache-2.0
// i32x4.relaxed_dot_i8x16_i7x16_add_s adds four products of signed codes of 8 and of 7 bits to each
// lane. Engines may differ in what they make of a second operand with 8 bits, and in how a sum of
// two products of 16 bits overflows. Here neither happens: the second operand is in [0, 127], and
// 2 * 128 * 127 fits 16 bits. So all engines give the same, which is exact.
//
// A weight w in [-64, 63] is held as w + 64, and an activation x as x - 128. Then the product of x
// and w is that of what is held, less 64 * (x - 128), plus 128 * w. The sums of both, over a row and
// over a column, are where a tile starts.
//
// `a` is [m][start, then steps][4]. `b` is [blocks of columns][starts, then steps][columns][4].
// Beyond k `a` has zeros, so that what `b` has there counts nothing.
#include <wasm_simd128.h>

#include "core/wasm/relaxed_simd.h"
#include "kernels/wasm/tiers.h"

namespace vitq {

bool has_relaxed_simd() {
  return true;
}

namespace relaxed_dot {

static constexpr std::int64_t kStep = 4;
static constexpr std::int64_t kLanes = 4;
static constexpr std::int64_t kColumns = 2 * kLanes;  // of a block
static constexpr std::int64_t kBlockStep = kColumns * kStep;
static constexpr std::int64_t kWord = 4;  // bytes of a start
static constexpr unsigned kTileRows = 4;
static constexpr std::int32_t kOffsetA = 128;
static constexpr std::int32_t kOffsetB = 64;

static std::int64_t steps_of(std::int64_t k) {
  return (k + kStep - 1) / kStep;
}

static std::int64_t row_bytes(std::int64_t k) {
  return kWord + steps_of(k) * kStep;
}

static std::int64_t block_bytes(std::int64_t k) {
  return kColumns * kWord + steps_of(k) * kBlockStep;
}

static std::int64_t a_bytes(std::int64_t m, std::int64_t k) {
  return m * row_bytes(k);
}

static std::int64_t b_bytes(std::int64_t n, std::int64_t k) {
  return (n + kColumns - 1) / kColumns * block_bytes(k);
}

// Rows of `a` and a block of columns of `b`, whose sums go to rows that are `stride` apart.
struct Block {
  const std::byte* a;
  const std::byte* b;
  std::int64_t rows, k;
  std::int32_t* sums;
  std::int64_t stride;
};

// It multiplies kRows rows by the block.
template <unsigned kRows>
static void multiply_tile(const Block& block) {
  const std::int64_t apart = row_bytes(block.k);
  v128_t sum[kRows][2];
#pragma GCC unroll 2
  for (unsigned v = 0; v < 2; ++v) {
    const v128_t start = wasm_v128_load(block.b + 4 * kLanes * v);
#pragma GCC unroll 4
    for (unsigned r = 0; r < kRows; ++r) {
      sum[r][v] = wasm_i32x4_add(start, wasm_v128_load32_splat(block.a + apart * r));
    }
  }
  const std::byte* left = block.a + kWord;
  const std::byte* right = block.b + kColumns * kWord;
  for (std::int64_t step = steps_of(block.k); step > 0; --step) {
    const v128_t columns[2] = {wasm_v128_load(right), wasm_v128_load(right + 4 * kLanes)};
#pragma GCC unroll 4
    for (unsigned r = 0; r < kRows; ++r) {
      const v128_t row = wasm_v128_load32_splat(left + apart * r);
#pragma GCC unroll 2
      for (unsigned v = 0; v < 2; ++v) {
        sum[r][v] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(row, columns[v], sum[r][v]);
      }
    }
    left += kStep;
    right += kBlockStep;
  }
#pragma GCC unroll 4
  for (unsigned r = 0; r < kRows; ++r) {
    wasm_v128_store(block.sums + r * block.stride, sum[r][0]);
    wasm_v128_store(block.sums + r * block.stride + kLanes, sum[r][1]);
  }
}

template <unsigned kRows>
static void multiply_rows(Block& block) {
  while (block.rows >= kRows) {
    multiply_tile<kRows>(block);
    block.rows -= kRows;
    block.a += kRows * row_bytes(block.k);
    block.sums += kRows * block.stride;
  }
}

static void multiply_block(Block block) {
  multiply_rows<kTileRows>(block);
  multiply_rows<2>(block);
  multiply_rows<1>(block);
}

// Columns that do not fill a block go by way of a buffer.
static void multiply_last(const Block& whole, std::int64_t columns) {
  for (std::int64_t row = 0; row < whole.rows; row += kTileRows) {
    const std::int64_t rows = whole.rows - row < kTileRows ? whole.rows - row : kTileRows;
    std::int32_t sums[kTileRows * kColumns];
    multiply_block({whole.a + row * row_bytes(whole.k), whole.b, rows, whole.k, sums, kColumns});
    for (std::int64_t r = 0; r < rows; ++r) {
      std::int32_t* to = whole.sums + (row + r) * whole.stride;
      for (std::int64_t i = 0; i < columns; ++i) to[i] = sums[r * kColumns + i];
    }
  }
}

static void multiply(const CodeGemmShape& s, const std::byte* a, const std::byte* b,
                     std::int32_t* c) {
  std::int64_t column = 0;
  for (; column + kColumns <= s.n; column += kColumns, b += block_bytes(s.k)) {
    multiply_block({a, b, s.m, s.k, c + column, s.n});
  }
  if (column < s.n) multiply_last({a, b, s.m, s.k, c + column, s.n}, s.n - column);
}

static void pack_a_row(const CodeRow<std::uint8_t>& row, std::byte* a) {
  std::byte* place = a + row.index * row_bytes(row.count);
  auto* to = reinterpret_cast<std::int8_t*>(place + kWord);
  const std::int64_t filled = steps_of(row.count) * kStep;
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < row.count; ++i) {
    const auto held = static_cast<std::int8_t>(row.codes[i] - kOffsetA);
    sum += held;
    to[i] = held;
  }
  for (std::int64_t i = row.count; i < filled; ++i) to[i] = 0;
  const std::int32_t start = -kOffsetB * sum;
  __builtin_memcpy(place, &start, sizeof(start));
}

static void pack_b_column(const CodeRow<std::int8_t>& column, std::byte* b) {
  std::byte* block = b + column.index / kColumns * block_bytes(column.count);
  const std::int64_t lane = column.index % kColumns;
  auto* to = reinterpret_cast<std::int8_t*>(block + kColumns * kWord + lane * kStep);
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < column.count; ++i) {
    sum += column.codes[i];
    to[i / kStep * kBlockStep + i % kStep] = static_cast<std::int8_t>(column.codes[i] + kOffsetB);
  }
  const std::int32_t start = kOffsetA * sum;
  __builtin_memcpy(block + lane * kWord, &start, sizeof(start));
}

static constexpr CodeGemm kGemm = {
    .name = "relaxed_dot:relaxed_simd",
    .a_bytes = a_bytes,
    .b_bytes = b_bytes,
    .multiply = multiply,
    .pack_a_row = pack_a_row,
    .pack_b_column = pack_b_column,
    .pack_b_row = nullptr,
};

const CodeGemm* table() {
  return &kGemm;
}

}  // namespace relaxed_dot
}  // namespace vitq
