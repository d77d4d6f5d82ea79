// SPDX-License-Identifier: Apache-2.0
// usmmla multiplies two rows of 8 unsigned codes by two columns of 8 signed ones, to 2 x 2 sums.
#include <arm_neon.h>

#include "kernels/arm64/tiers.h"

namespace vitq::usmmla_i8mm {

static constexpr const char* kName = "usmmla:i8mm";
static constexpr std::int64_t kTile = 8;
static constexpr std::int64_t kStep = 8;
static constexpr std::uint8_t kFlip[16] = {};
static constexpr std::int16_t kOffset[16] = {};
static constexpr bool kStarts = false;

template <unsigned kRows>
struct Tile {
  int32x4_t sums[kRows / 2][4];

  [[gnu::always_inline]] void start(const std::byte* /*starts*/) {
#pragma GCC unroll 4
    for (unsigned r = 0; r < kRows / 2; ++r) {
#pragma GCC unroll 4
      for (unsigned v = 0; v < 4; ++v) sums[r][v] = vdupq_n_s32(0);
    }
  }

  [[gnu::always_inline]] void add(const std::byte* a, const std::byte* b) {
    const int8x16x4_t columns = vld1q_s8_x4(reinterpret_cast<const std::int8_t*>(b));
    const uint8x16x4_t rows = vld1q_u8_x4(reinterpret_cast<const std::uint8_t*>(a));
#pragma GCC unroll 4
    for (unsigned r = 0; r < kRows / 2; ++r) {
#pragma GCC unroll 4
      for (unsigned v = 0; v < 4; ++v) {
        sums[r][v] = vusmmlaq_s32(sums[r][v], rows.val[r], columns.val[v]);
      }
    }
  }

  [[gnu::always_inline]] void store(std::int32_t* c, std::int64_t stride) const {
#pragma GCC unroll 4
    for (unsigned r = 0; r < kRows / 2; ++r) {
#pragma GCC unroll 2
      for (unsigned v = 0; v < 4; v += 2) {
        const int64x2_t first = vreinterpretq_s64_s32(sums[r][v]);
        const int64x2_t second = vreinterpretq_s64_s32(sums[r][v + 1]);
        std::int32_t* to = c + 2 * r * stride + 2 * v;
        vst1q_s32(to, vreinterpretq_s32_s64(vzip1q_s64(first, second)));
        vst1q_s32(to + stride, vreinterpretq_s32_s64(vzip2q_s64(first, second)));
      }
    }
  }
};

#include "kernels/arm64/gemm.inl"

}  // namespace vitq::usmmla_i8mm
