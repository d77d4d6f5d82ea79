// SPDX-License-Identifier: Apache-2.0
// Packed weights lose nothing, hold nothing that could overflow 16 bits, and give the exact sums.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "core/cpu.h"
#include "integer_support.h"
#include "kernels/x86/maddubs/pack.h"

using namespace vitq;

namespace {

// It walks a block's runs and calls visit(first quad, quads).
template <typename Visit>
void each_window(const TileWeights& weights, const Visit& visit) {
  std::int64_t quad = 0;
  for (std::int64_t depth = kMaxDepth; depth > 0; --depth) {
    for (std::int32_t i = 0; i < weights.runs[kMaxDepth - depth]; ++i, quad += depth) {
      visit(quad, depth);
    }
  }
}

// It returns the codes [n, k] that the quads add up to; channels beyond n must be 0.
std::vector<int> bit_unpacked(const PackedWeights& packed, std::int64_t n, std::int64_t k) {
  std::vector<int> codes(static_cast<std::size_t>(packed.blocks() * kBlockColumns * k));
  for (std::int64_t b = 0; b < packed.blocks(); ++b) {
    const TileWeights weights = packed.block(b);
    each_window(weights, [&](std::int64_t first, std::int64_t depth) {
      for (std::int64_t i = first * kQuadBytes; i < (first + depth) * kQuadBytes; ++i) {
        const std::int64_t row = b * kBlockColumns + i % kQuadBytes / kQuadInputs;
        const std::int64_t column = weights.inputs[i / kQuadBytes] + i % kQuadInputs;
        codes[static_cast<std::size_t>(row * k + column)] += weights.codes[i];
      }
    });
  }
  const auto used = codes.begin() + n * k;
  CHECK(std::all_of(used, codes.end(), [](int code) { return code == 0; }));
  return {codes.begin(), used};
}

// It finds the largest magnitude of a 16-bit sum, or of a part of one, over activations up to
// `top`.
std::int64_t largest_sum(const PackedWeights& packed, std::int64_t top) {
  std::int64_t largest = 0;
  for (std::int64_t b = 0; b < packed.blocks(); ++b) {
    const TileWeights weights = packed.block(b);
    each_window(weights, [&](std::int64_t first, std::int64_t depth) {
      std::array<std::int64_t, kQuadBytes / 2> up = {};
      std::array<std::int64_t, kQuadBytes / 2> down = {};
      for (std::int64_t i = 0; i < depth * kQuadBytes; ++i) {
        const auto sum = static_cast<std::size_t>(i % kQuadBytes / 2);
        const std::int64_t code = weights.codes[first * kQuadBytes + i];
        (code > 0 ? up : down)[sum] += top * code;
        largest = std::max({largest, up[sum], -down[sum]});
      }
    });
  }
  return largest;
}

std::int64_t runs(const PackedWeights& packed) {
  std::int64_t count = 0;
  for (std::int64_t b = 0; b < packed.blocks(); ++b) {
    each_window(packed.block(b), [&](std::int64_t, std::int64_t) { ++count; });
  }
  return count;
}

// Rows may begin at any address; what lies beyond the block's columns must stay as it is.
void check_product(const PackedWeights& packed, const std::vector<std::int64_t>& expected,
                   const Acts& x, std::int64_t k) {
  constexpr std::int64_t kStride = kBlockColumns + 1;
  const auto rows = static_cast<std::int64_t>(x.size()) / k;
  const std::int64_t n = static_cast<std::int64_t>(expected.size()) / rows;
  for (std::int64_t shift = 0; shift < 4; ++shift) {
    Acts moved(static_cast<std::size_t>(shift));
    moved.insert(moved.end(), x.begin(), x.end());
    for (std::int64_t b = 0; b < packed.blocks(); ++b) {
      std::vector<std::int32_t> acc(static_cast<std::size_t>(rows * kStride), -1);
      tiles_avx2::multiply(packed.block(b), {moved.data() + shift, k, rows, acc.data(), kStride});
      for (std::int64_t i = 0; i < rows * kStride; ++i) {
        const std::int64_t column = b * kBlockColumns + i % kStride;
        const std::int64_t sum = i % kStride == kBlockColumns ? -1
                                 : column >= n
                                     ? 0
                                     : expected[static_cast<std::size_t>(i / kStride * n + column)];
        REQUIRE(acc[static_cast<std::size_t>(i)] == sum);
      }
    }
  }
}

}  // namespace

TEST_CASE("packed groups add up to the weights, and no 16-bit sum can overflow") {
  std::mt19937 random(8);
  for (const std::int32_t top : {255, 127, 63, 15}) {
    for (const std::int32_t max : {127, 63, 31, 7}) {
      for (const Fill fill : {Fill::kRandom, Fill::kAllTop, Fill::kAlternating}) {
        for (const std::int64_t n : {1, 16, 35}) {
          const std::int64_t k = 4 * n + 28;
          const Codes codes = weights(n * k, max, fill, random);
          const PackedWeights packed(codes, k, top);
          const std::vector<int> sums = bit_unpacked(packed, n, k);
          REQUIRE(std::equal(sums.begin(), sums.end(), codes.begin(), codes.end()));
          REQUIRE(largest_sum(packed, top) <= 32767);
        }
      }
    }
  }
}

TEST_CASE("the lowest code of a byte can be packed too") {
  const Codes codes(16 * 32, -128);
  const PackedWeights packed(codes, 32, 255);
  const std::vector<int> sums = bit_unpacked(packed, 16, 32);
  CHECK(std::equal(sums.begin(), sums.end(), codes.begin(), codes.end()));
  CHECK(largest_sum(packed, 255) <= 32767);
}

TEST_CASE("narrower weights take fewer runs, and zeros none") {
  std::mt19937 random(9);
  std::vector<std::int64_t> counts;
  for (const std::int32_t max : {127, 63, 31, 15, 7}) {
    counts.push_back(runs(PackedWeights(weights(64 * 256, max, Fill::kRandom, random), 256, 255)));
  }
  CHECK(std::is_sorted(counts.rbegin(), counts.rend()));
  CHECK(counts.back() == 4 * 256 / kQuadInputs / kMaxDepth);
  CHECK(runs(PackedWeights(Codes(64 * 256), 256, 255)) == 0);
}

TEST_CASE("packed products equal 64-bit sums for any number of rows, at any address") {
  if (!detected_cpu().avx2) {
    MESSAGE("skipped: this CPU has no AVX2");
    return;
  }
  std::mt19937 random(10);
  for (const Fill fill : {Fill::kRandom, Fill::kAllTop, Fill::kAlternating}) {
    for (const std::int32_t max : {127, 63, 31, 15}) {
      for (const std::int64_t k : {4, 8, 36, 200, 1028}) {
        const std::int64_t n = 21;
        const Codes codes = weights(n * k, max, fill, random);
        const PackedWeights packed(codes, k, 255);
        for (std::int64_t rows = 1; rows <= 7; ++rows) {
          const Acts x = acts(rows * k, fill, random);
          check_product(packed, exact_sums(x, codes, n, k), x, k);
        }
      }
    }
  }
}
