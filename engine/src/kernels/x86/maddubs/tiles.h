// SPDX-License-Identifier: Apache-2.0
// vpmaddubsw multiplies rows of codes by one block of 16 output channels. Quads of 4 inputs come in
// runs, whose sums stay in 16 bits before they are widened. pack.h proves from the weights that
// none of them can overflow.
#pragma once

#include <cstdint>

namespace vitq {

constexpr std::int64_t kBlockColumns = 16;
constexpr std::int64_t kQuadInputs = 4;
constexpr std::int64_t kQuadBytes = kBlockColumns * kQuadInputs;
constexpr int kMaxDepth = 8;  // quads in a run

struct TileWeights {
  const std::int8_t* codes = nullptr;    // [quads][16 columns][4 inputs]
  const std::int32_t* inputs = nullptr;  // [quads]: the first input of each
  // [kMaxDepth]: the runs of 8 quads are counted first, those of one quad last.
  const std::int32_t* runs = nullptr;
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
