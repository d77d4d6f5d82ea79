// SPDX-License-Identifier: Apache-2.0
// A module of its own, of which an engine without relaxed SIMD refuses to make an instance. It
// shares the memory of the module that calls it, and has none: no stack, no data.
//
// Relaxed SIMD multiplies signed codes of 8 by signed codes of 7 bits, and adds two or four
// neighbours. Engines may differ in what they make of a second operand with 8 bits, and in how a
// sum of two products overflows 16 bits. Here neither happens: the second operand is in [0, 127],
// and 2 * 128 * 127 fits. So all engines give the same, which is exact.
//
// The products are those of what kernels/wasm/relaxed_linear.h says is held. A row of `a` is a
// start and then words of 4 codes. `b` is [blocks of 8 columns][starts, then steps][columns] words.
#include "core/wasm/relaxed_simd.h"

#include <wasm_simd128.h>

#include "kernels/wasm/relaxed_linear.h"

namespace vitq {
namespace {

constexpr int kWord = 4;  // bytes of a step, or of a start
constexpr int kLanes = 4;
constexpr int kTileRows = 4;

// Sums of four, which ARM and x86 with AVX-VNNI have an instruction for.
struct Fours {
  static v128_t add(v128_t sums, v128_t a, v128_t b) {
    return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(a, b, sums);
  }
};

// Sums of two, for all other x86.
struct Pairs {
  static v128_t add(v128_t sums, v128_t a, v128_t b) {
    const v128_t pairs = wasm_i16x8_relaxed_dot_i8x16_i7x16(a, b);
    return wasm_i32x4_add(sums, wasm_i32x4_extadd_pairwise_i16x8(pairs));
  }
};

// Four products of two codes.
int four_products(int a, int b) {
  const v128_t sums = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(
      wasm_i8x16_splat(static_cast<signed char>(a)), wasm_i8x16_splat(static_cast<signed char>(b)),
      wasm_i32x4_splat(0));
  return wasm_i32x4_extract_lane(sums, 0);
}

// Where sums of four are sums of two saturated ones, the engine has no instruction for them. What
// is beyond 7 bits tells: -128 * 255, twice, becomes the least of 16 bits.
bool fours_are_pairs() {
  return four_products(-128, -1) == 2 * -32768;
}

// It writes a row as it is held.
void hold_row(const unsigned char* codes, int k, unsigned char* to) {
  constexpr int kCodes = 16;  // of a vector
  unsigned char* place = to + kWord;
  v128_t sums = wasm_i32x4_splat(0);
  int i = 0;
  for (; i + kCodes <= k; i += kCodes) {
    const v128_t held = wasm_v128_xor(wasm_v128_load(codes + i), wasm_i8x16_splat(-128));
    const v128_t pairs = wasm_i16x8_extadd_pairwise_i8x16(held);
    sums = wasm_i32x4_add(sums, wasm_i32x4_extadd_pairwise_i16x8(pairs));
    wasm_v128_store(place + i, held);
  }
  int sum = wasm_i32x4_extract_lane(sums, 0) + wasm_i32x4_extract_lane(sums, 1) +
            wasm_i32x4_extract_lane(sums, 2) + wasm_i32x4_extract_lane(sums, 3);
  for (; i < k; ++i) {
    sum += codes[i] - kRelaxedOffsetA;
    place[i] = codes[i] ^ kRelaxedOffsetA;
  }
  for (; i % kWord != 0; ++i) place[i] = 0;
  const int start = -kRelaxedOffsetB * sum;
  __builtin_memcpy(to, &start, sizeof(start));
}

void store_some(int* to, v128_t sums, int count) {
  if (count > 0) wasm_v128_store32_lane(to, sums, 0);
  if (count > 1) wasm_v128_store32_lane(to + 1, sums, 1);
  if (count > 2) wasm_v128_store32_lane(to + 2, sums, 2);
  if (count > 3) wasm_v128_store32_lane(to + 3, sums, 3);
}

// Held rows, a block of columns of which `columns` are there, and where the sums go.
struct Tile {
  const unsigned char* a;
  const unsigned char* b;
  int* c;
  int k, n, columns;
};

template <typename Products, int kRows>
[[gnu::always_inline]] inline void multiply_tile(const Tile& tile) {
  const int apart = relaxed_row_bytes(tile.k);
  v128_t sums[kRows][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r) {
    const v128_t start = wasm_v128_load32_splat(tile.a + apart * r);
    sums[r][0] = wasm_i32x4_add(start, wasm_v128_load(tile.b));
    sums[r][1] = wasm_i32x4_add(start, wasm_v128_load(tile.b + kWord * kLanes));
  }
  const unsigned char* left = tile.a + kWord;
  const unsigned char* right = tile.b + kWord * kRelaxedColumns;
  for (int step = relaxed_steps(tile.k); step > 0; --step) {
    const v128_t first = wasm_v128_load(right);
    const v128_t second = wasm_v128_load(right + kWord * kLanes);
#pragma clang loop unroll(full)
    for (int r = 0; r < kRows; ++r) {
      const v128_t row = wasm_v128_load32_splat(left + apart * r);
      sums[r][0] = Products::add(sums[r][0], row, first);
      sums[r][1] = Products::add(sums[r][1], row, second);
    }
    left += kWord;
    right += kWord * kRelaxedColumns;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r) {
    store_some(tile.c + r * tile.n, sums[r][0], tile.columns);
    store_some(tile.c + r * tile.n + kLanes, sums[r][1], tile.columns - kLanes);
  }
}

template <typename Products>
[[gnu::always_inline]] inline void multiply_all(const RelaxedPanel& panel) {
  const int apart = relaxed_row_bytes(panel.k);
  for (int column = 0; column < panel.n; column += kRelaxedColumns) {
    const unsigned char* b =
        panel.weights + column / kRelaxedColumns * relaxed_block_bytes(panel.k);
    int row = 0;
    for (; row + kTileRows <= panel.rows; row += kTileRows) {
      multiply_tile<Products, kTileRows>({panel.held + row * apart, b,
                                          panel.sums + row * panel.n + column, panel.k, panel.n,
                                          panel.n - column});
    }
    for (; row < panel.rows; ++row) {
      multiply_tile<Products, 1>({panel.held + row * apart, b, panel.sums + row * panel.n + column,
                                  panel.k, panel.n, panel.n - column});
    }
  }
}

}  // namespace
}  // namespace vitq

// Whether products come out as they must.
extern "C" int vitq_relaxed_works() {
  return vitq::four_products(-128, 127) == 4 * -128 * 127 &&
         vitq::four_products(127, 127) == 4 * 127 * 127;
}

extern "C" void vitq_relaxed_multiply(const vitq::RelaxedPanel* panel) {
  const vitq::RelaxedPanel own = *panel;  // not aliased by what is written
  for (int row = 0; row < own.rows; ++row) {
    vitq::hold_row(own.codes + row * own.k, own.k, own.held + row * vitq::relaxed_row_bytes(own.k));
  }
  if (vitq::fours_are_pairs()) {
    vitq::multiply_all<vitq::Pairs>(own);
  } else {
    vitq::multiply_all<vitq::Fours>(own);
  }
}
