// SPDX-License-Identifier: Apache-2.0
// smull multiplies 8 signed codes by 8, to 16 bits each, and smlsl2 subtracts 8 further products.
// Two products of -128 and -128 have no room there, but their difference has. So every second 8
// codes of `a` are held as 127 - code, of which products are subtracted. sadalp adds the 16-bit
// sums to those of 32 bits. A sum has four lanes, joined at the end.
#include <arm_neon.h>

#include "kernels/arm64/tiers.h"

namespace vitq::smull_neon {

static constexpr const char* kName = "smull:neon";
static constexpr std::int64_t kTile = 4;
static constexpr std::int64_t kStep = 16;
static constexpr std::uint8_t kFlip[16] = {128, 128, 128, 128, 128, 128, 128, 128,
                                           127, 127, 127, 127, 127, 127, 127, 127};
static constexpr std::int16_t kOffset[16] = {128, 128, 128, 128, 128, 128, 128, 128,
                                             127, 127, 127, 127, 127, 127, 127, 127};
static constexpr bool kStarts = true;

template <unsigned kRows>
struct Tile {
  int32x4_t sums[kRows][4];
  int32x4_t starts;

  [[gnu::always_inline]] void start(const std::byte* from) {
    starts = vld1q_s32(reinterpret_cast<const std::int32_t*>(from));
#pragma GCC unroll 4
    for (unsigned r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (unsigned i = 0; i < 4; ++i) sums[r][i] = vdupq_n_s32(0);
    }
  }

  [[gnu::always_inline]] void add(const std::byte* a, const std::byte* b) {
    int8x16_t columns[4];
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; ++i) {
      columns[i] = vld1q_s8(reinterpret_cast<const std::int8_t*>(b) + 16 * i);
    }
#pragma GCC unroll 4
    for (unsigned r = 0; r < kRows; ++r) {
      const int8x16_t row = vld1q_s8(reinterpret_cast<const std::int8_t*>(a) + 16 * r);
      int16x8_t pairs[4];
#pragma GCC unroll 4
      for (unsigned i = 0; i < 4; ++i) {
        pairs[i] = vmull_s8(vget_low_s8(row), vget_low_s8(columns[i]));
      }
#pragma GCC unroll 4
      for (unsigned i = 0; i < 4; ++i) pairs[i] = vmlsl_high_s8(pairs[i], row, columns[i]);
#pragma GCC unroll 4
      for (unsigned i = 0; i < 4; ++i) sums[r][i] = vpadalq_s16(sums[r][i], pairs[i]);
    }
  }

  [[gnu::always_inline]] void store(std::int32_t* c, std::int64_t stride) const {
#pragma GCC unroll 4
    for (unsigned r = 0; r < kRows; ++r) {
      const int32x4_t pairs = vpaddq_s32(sums[r][0], sums[r][1]);
      const int32x4_t others = vpaddq_s32(sums[r][2], sums[r][3]);
      vst1q_s32(c + r * stride, vaddq_s32(vpaddq_s32(pairs, others), starts));
    }
  }
};

#include "kernels/arm64/gemm.inl"

}  // namespace vitq::smull_neon
