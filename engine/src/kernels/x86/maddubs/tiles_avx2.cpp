// SPDX-License-Identifier: Apache-2.0
// This file is compiled for AVX2, hence without inline functions of the standard library
// (rows.inl).
#include <immintrin.h>

#include "kernels/x86/maddubs/tiles.h"

namespace vitq::tiles_avx2 {
namespace {

// The six 16-bit and six 32-bit sums of three rows all stay in registers.
constexpr unsigned kTileRows = 3;

struct Pair {
  __m256i low, high;  // columns 0..7 and 8..15
};

template <unsigned kRows>
struct Tile {
  const std::int8_t* codes;
  const std::int32_t* inputs;
  const std::uint8_t* x;
  std::int64_t x_stride;
  Pair sums[kRows];
};

// It multiplies a quad of the run with one row, to 16 bits.
template <unsigned kRows>
[[gnu::always_inline]] inline Pair product(const Tile<kRows>& tile, unsigned quad, unsigned row) {
  const auto* w = reinterpret_cast<const __m256i*>(tile.codes + quad * kQuadBytes);
  std::int32_t four = 0;
  __builtin_memcpy(&four, tile.x + tile.inputs[quad] + row * tile.x_stride, sizeof(four));
  const __m256i x = _mm256_set1_epi32(four);
  return {_mm256_maddubs_epi16(x, _mm256_load_si256(w)),
          _mm256_maddubs_epi16(x, _mm256_load_si256(w + 1))};
}

// It adds in this order. Compilers know that 16-bit sums are associative and would rather build
// trees, out of more terms than there are registers.
[[gnu::always_inline]] inline void add_16(Pair& sum, const Pair& term) {
  sum.low = _mm256_add_epi16(sum.low, term.low);
  sum.high = _mm256_add_epi16(sum.high, term.high);
  asm("" : "+x"(sum.low), "+x"(sum.high));
}

[[gnu::always_inline]] inline void widen_into(Pair& sum, const Pair& term) {
  const __m256i ones = _mm256_set1_epi16(1);
  sum.low = _mm256_add_epi32(sum.low, _mm256_madd_epi16(term.low, ones));
  sum.high = _mm256_add_epi32(sum.high, _mm256_madd_epi16(term.high, ones));
}

template <unsigned kRows, unsigned kDepth>
[[gnu::always_inline]] inline void add_runs(Tile<kRows>& tile, std::int32_t count) {
  for (std::int32_t run = 0; run < count; ++run) {
    Pair part[kRows];
#pragma GCC unroll 3
    for (unsigned r = 0; r < kRows; ++r) part[r] = product(tile, 0, r);
#pragma GCC unroll 8
    for (unsigned quad = 1; quad < kDepth; ++quad) {
#pragma GCC unroll 3
      for (unsigned r = 0; r < kRows; ++r) {
        add_16(part[r], product(tile, quad, r));
      }
    }
#pragma GCC unroll 3
    for (unsigned r = 0; r < kRows; ++r) widen_into(tile.sums[r], part[r]);
    tile.codes += kDepth * kQuadBytes;
    tile.inputs += kDepth;
  }
}

template <unsigned kRows>
void multiply_rows(const TileWeights& weights, const TileRows& at) {
  Tile<kRows> tile = {weights.codes, weights.inputs, at.x, at.x_stride, {}};
  add_runs<kRows, 8>(tile, weights.runs[0]);
  add_runs<kRows, 7>(tile, weights.runs[1]);
  add_runs<kRows, 6>(tile, weights.runs[2]);
  add_runs<kRows, 5>(tile, weights.runs[3]);
  add_runs<kRows, 4>(tile, weights.runs[4]);
  add_runs<kRows, 3>(tile, weights.runs[5]);
  add_runs<kRows, 2>(tile, weights.runs[6]);
  add_runs<kRows, 1>(tile, weights.runs[7]);
#pragma GCC unroll 3
  for (unsigned r = 0; r < kRows; ++r) {
    auto* to = reinterpret_cast<__m256i*>(at.acc + r * at.acc_stride);
    _mm256_storeu_si256(to, tile.sums[r].low);
    _mm256_storeu_si256(to + 1, tile.sums[r].high);
  }
}

}  // namespace

void multiply(const TileWeights& weights, const TileRows& rows) {
  TileRows at = rows;
  for (; at.rows >= kTileRows; at.rows -= kTileRows) {
    multiply_rows<kTileRows>(weights, at);
    at.x += kTileRows * at.x_stride;
    at.acc += kTileRows * at.acc_stride;
  }
  if (at.rows == 2) multiply_rows<2>(weights, at);
  if (at.rows == 1) multiply_rows<1>(weights, at);
}

}  // namespace vitq::tiles_avx2
