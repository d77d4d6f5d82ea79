// SPDX-License-Identifier: Apache-2.0
// sdot adds four products of signed codes to each lane. A vector holds four codes of four rows, of
// which each in turn meets those of four columns.
#include <arm_neon.h>

#include "kernels/arm64/tiers.h"

namespace vitq::sdot_dotprod {

static constexpr const char* kName = "sdot:dotprod";
static constexpr std::int64_t kTile = 8;
static constexpr std::int64_t kStep = 4;
static constexpr std::uint8_t kFlip[16] = {128, 128, 128, 128, 128, 128, 128, 128,
                                           128, 128, 128, 128, 128, 128, 128, 128};
static constexpr std::int16_t kOffset[16] = {128, 128, 128, 128, 128, 128, 128, 128,
                                             128, 128, 128, 128, 128, 128, 128, 128};
static constexpr bool kStarts = true;

template <unsigned kRows>
struct Tile {
  int32x4_t sums[kRows][2];

  [[gnu::always_inline]] void start(const std::byte* starts) {
#pragma GCC unroll 2
    for (unsigned v = 0; v < 2; ++v) {
      const int32x4_t start = vld1q_s32(reinterpret_cast<const std::int32_t*>(starts) + 4 * v);
#pragma GCC unroll 8
      for (unsigned r = 0; r < kRows; ++r) sums[r][v] = start;
    }
  }

  [[gnu::always_inline]] void add(const std::byte* a, const std::byte* b) {
    const int8x16x2_t columns = vld1q_s8_x2(reinterpret_cast<const std::int8_t*>(b));
    const int8x16x2_t rows = vld1q_s8_x2(reinterpret_cast<const std::int8_t*>(a));
#pragma GCC unroll 2
    for (unsigned first = 0; first < kRows; first += 4) {
      const int8x16_t four = rows.val[first / 4];
#pragma GCC unroll 2
      for (unsigned v = 0; v < 2; ++v) {
        sums[first][v] = vdotq_laneq_s32(sums[first][v], columns.val[v], four, 0);
        sums[first + 1][v] = vdotq_laneq_s32(sums[first + 1][v], columns.val[v], four, 1);
        if (kRows == 2) continue;
        sums[first + 2][v] = vdotq_laneq_s32(sums[first + 2][v], columns.val[v], four, 2);
        sums[first + 3][v] = vdotq_laneq_s32(sums[first + 3][v], columns.val[v], four, 3);
      }
    }
  }

  [[gnu::always_inline]] void store(std::int32_t* c, std::int64_t stride) const {
#pragma GCC unroll 8
    for (unsigned r = 0; r < kRows; ++r) {
      vst1q_s32(c + r * stride, sums[r][0]);
      vst1q_s32(c + r * stride + 4, sums[r][1]);
    }
  }
};

#include "kernels/arm64/gemm.inl"

}  // namespace vitq::sdot_dotprod
