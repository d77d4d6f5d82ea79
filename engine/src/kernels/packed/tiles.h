// SPDX-License-Identifier: Apache-2.0
// Rows of codes times one block of 16 output channels, on vpmaddubsw. Groups of 4 inputs come in
// windows, whose sums stay in 16 bits before they are widened; pack.h proves from the weights that
// none of them can overflow.
#pragma once

#include <cstdint>

namespace vitq {

constexpr std::int64_t kBlockColumns = 16;
constexpr std::int64_t kGroupInputs = 4;
constexpr std::int64_t kGroupBytes = kBlockColumns * kGroupInputs;
constexpr int kMaxDepth = 8;  // groups in a window

struct TileWeights {
  const std::int8_t* codes = nullptr;    // [groups][16 columns][4 inputs]
  const std::int32_t* inputs = nullptr;  // [groups]: the first of the inputs that each multiplies
  // [kMaxDepth]: how many windows of 8 groups, of 7, ..., of 1 there are, in the groups' order.
  const std::int32_t* windows = nullptr;
};

struct TileRows {
  const std::uint8_t* x = nullptr;  // [rows][x_stride]
  std::int64_t x_stride = 0;
  std::int64_t rows = 0;
  std::int32_t* acc = nullptr;  // [rows][acc_stride], of which 16 are written
  std::int64_t acc_stride = 0;
};

namespace tiles_avx2 {
void multiply(const TileWeights& weights, const TileRows& rows);
}  // namespace tiles_avx2

}  // namespace vitq
