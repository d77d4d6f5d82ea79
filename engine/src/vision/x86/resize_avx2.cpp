// SPDX-License-Identifier: Apache-2.0
// vpmaddwd adds two products of 16 bits. So sums are kept apart for the low and the high halves of
// the weights, and joined at the end. Both wrap around at 2^32, and the whole sum fits 32 bits.
#include "vision/x86/resize_avx2.h"

#include <immintrin.h>

namespace vitq::resize_avx2 {

namespace {

struct HalfSums {
  __m256i low = _mm256_setzero_si256();
  __m256i high = _mm256_setzero_si256();

  void add(__m256i pairs, __m256i weights_low, __m256i weights_high) {
    low = _mm256_add_epi32(low, _mm256_madd_epi16(pairs, weights_low));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(pairs, weights_high));
  }
  __m256i joined() const { return _mm256_add_epi32(low, _mm256_slli_epi32(high, 16)); }
};

__m256i rounded(__m256i sums) {
  return _mm256_srai_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(kHalfPixel)), kWeightBits);
}

__m256i four_weights(const std::int16_t* weights) {
  long long four = 0;
  __builtin_memcpy(&four, weights, sizeof(four));
  return _mm256_set1_epi64x(four);
}

// Four pixels in 16 bits: RRRRGGGG and BBBB0000.
__m256i four_pixels(const std::uint8_t* pixels) {
  constexpr char kZero = -1;
  const __m256i order = _mm256_setr_epi8(0, kZero, 3, kZero, 6, kZero, 9, kZero, 1, kZero, 4, kZero,
                                         7, kZero, 10, kZero,  //
                                         2, kZero, 5, kZero, 8, kZero, 11, kZero, kZero, kZero,
                                         kZero, kZero, kZero, kZero, kZero, kZero);
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), order);
}

// The sums of each row are RRGG BB00, one half of the taps in each. Answers RGB0 of the four rows.
__m128i four_bytes_each(const HalfSums* sums) {
  // RGRG and B0B0 of two rows each.
  const __m256i first = _mm256_hadd_epi32(sums[0].joined(), sums[1].joined());
  const __m256i second = _mm256_hadd_epi32(sums[2].joined(), sums[3].joined());
  const __m256i words = _mm256_packs_epi32(rounded(first), rounded(second));
  const __m256i bytes = _mm256_packus_epi16(words, words);
  return _mm_unpacklo_epi16(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
}

// Of one pixel of each row.
void sum_taps(const std::uint8_t* const* in, const ResizeTaps& taps, const ResizeWeights& weights,
              HalfSums* sums) {
  const std::int16_t* low = weights.low + taps.weights;
  const std::int16_t* high = weights.high + taps.weights;
  std::ptrdiff_t at = std::ptrdiff_t{3} * taps.first;
  for (int i = 0; i < taps.count; i += kTapGroup, at += std::ptrdiff_t{3} * kTapGroup) {
    const __m256i weights_low = four_weights(low + i);
    const __m256i weights_high = four_weights(high + i);
    for (int r = 0; r < ResizeKernels::kRows; ++r) {
      sums[r].add(four_pixels(in[r] + at), weights_low, weights_high);
    }
  }
}

void columns(const std::uint8_t* const* in, const ResizeTaps* taps, int outputs,
             const ResizeWeights& weights, std::uint8_t* const* out) {
  constexpr int kRows = ResizeKernels::kRows;
  for (int x = 0; x < outputs; ++x) {
    HalfSums sums[kRows];
    sum_taps(in, taps[x], weights, sums);
    std::uint8_t pixels[4 * kRows];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels), four_bytes_each(sums));
    for (int r = 0; r < kRows; ++r) {
      __builtin_memcpy(out[r] + std::ptrdiff_t{3} * x, pixels + 4 * r, 3);
    }
  }
}

constexpr std::int64_t kBlock = 32;  // bytes of a row that are summed together

// Bytes of two rows in pairs of 16 bits, a quarter of the block in each vector.
struct RowPairs {
  RowPairs(const std::uint8_t* upper, const std::uint8_t* lower) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(upper));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lower));
    const __m256i zero = _mm256_setzero_si256();
    const __m256i left = _mm256_unpacklo_epi8(a, b);
    const __m256i right = _mm256_unpackhi_epi8(a, b);
    quarters[0] = _mm256_unpacklo_epi8(left, zero);
    quarters[1] = _mm256_unpackhi_epi8(left, zero);
    quarters[2] = _mm256_unpacklo_epi8(right, zero);
    quarters[3] = _mm256_unpackhi_epi8(right, zero);
  }
  __m256i quarters[4];
};

__m256i two_weights(const std::int16_t* weights) {
  int two = 0;
  __builtin_memcpy(&two, weights, sizeof(two));
  return _mm256_set1_epi32(two);
}

void sum_block(const ResizeRows& in, const ResizeTaps& taps, const ResizeWeights& weights,
               std::uint8_t* out) {
  const std::int16_t* low = weights.low + taps.weights;
  const std::int16_t* high = weights.high + taps.weights;
  HalfSums sums[4];
  for (int i = 0; i < taps.count; i += 2) {
    const std::uint8_t* upper = in.first + i * in.stride;
    // The weight after an odd number of rows is zero.
    const RowPairs pairs(upper, i + 1 < taps.count ? upper + in.stride : upper);
    for (int q = 0; q < 4; ++q) {
      sums[q].add(pairs.quarters[q], two_weights(low + i), two_weights(high + i));
    }
  }
  const __m256i left = _mm256_packs_epi32(rounded(sums[0].joined()), rounded(sums[1].joined()));
  const __m256i right = _mm256_packs_epi32(rounded(sums[2].joined()), rounded(sums[3].joined()));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_packus_epi16(left, right));
}

void rows(const ResizeRows& in, const ResizeTaps& taps, const ResizeWeights& weights,
          std::int64_t bytes, std::uint8_t* out) {
  if (bytes < kBlock) return portable_resize_kernels().rows(in, taps, weights, bytes, out);
  for (std::int64_t start = 0; start < bytes; start += kBlock) {
    // The last block may repeat bytes of the one before.
    const std::int64_t at = start + kBlock <= bytes ? start : bytes - kBlock;
    sum_block({in.first + at, in.stride}, taps, weights, out + at);
  }
}

}  // namespace

const ResizeKernels& table() {
  static constexpr ResizeKernels kKernels = {.columns = columns, .rows = rows};
  return kKernels;
}

}  // namespace vitq::resize_avx2
