// SPDX-License-Identifier: Apache-2.0
// What a module without relaxed SIMD and the one with it have in common: how operands are held.
//
// A weight w in [-64, 63] is held as w + 64, and an activation x as x - 128. Then the product of x
// and w is that of what is held, less 64 * (x - 128), plus 128 * w. The sums of both, over a row
// and over a column, are where sums start.
#pragma once

namespace vitq {

inline constexpr int kRelaxedOffsetA = 128;
inline constexpr int kRelaxedOffsetB = 64;
inline constexpr int kRelaxedStep = 4;     // codes in a word of 4 bytes
inline constexpr int kRelaxedColumns = 8;  // of a block

constexpr int relaxed_steps(int k) {
  return (k + kRelaxedStep - 1) / kRelaxedStep;
}

// A start, and then steps.
constexpr int relaxed_row_bytes(int k) {
  return 4 * (1 + relaxed_steps(k));
}
constexpr int relaxed_block_bytes(int k) {
  return kRelaxedColumns * relaxed_row_bytes(k);
}

// Sums [rows, n] of codes [rows, k] and held weights. `held` has room for the rows as they are
// held.
struct RelaxedPanel {
  const unsigned char* codes;
  const unsigned char* weights;
  unsigned char* held;
  int* sums;
  int rows, n, k;
};

}  // namespace vitq

// relaxed_simd.js has it from the other module.
extern "C" void vitq_relaxed_multiply(const vitq::RelaxedPanel* panel);
