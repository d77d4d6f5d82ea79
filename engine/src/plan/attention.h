// SPDX-License-Identifier: Apache-2.0
// The memory in which one head of an attention is worked on.
#pragma once

#include <algorithm>
#include <cstdint>

namespace vitq {

// Byte offsets of the parts of one slot, each aligned to 64. Queries are taken in blocks, so that
// the scores of a block stay in the cache from the first product to the second.
struct AttentionScratch {
  static constexpr std::int64_t kBlock = 64;  // queries

  // At most what the operands [m, k] and [k, n] of a product take, however CodeGemm hold them.
  static std::int64_t a_bytes(std::int64_t m, std::int64_t k) { return m * filled(k, 4) * 2; }
  static std::int64_t b_bytes(std::int64_t n, std::int64_t k) {
    return filled(n, 32) * filled(k, 4) * 2;
  }

  AttentionScratch(std::int64_t queries, std::int64_t keys, std::int64_t channels)
      : block(std::min(kBlock, queries)) {
    q_codes = add(a_bytes(block, channels));
    q_rows = add(block * 2 * 4);
    k_codes = add(b_bytes(keys, channels));
    k_rows = add(keys * 3 * 4);
    v_codes = add(b_bytes(channels, keys));
    v_columns = add(channels * 3 * 4);
    row = add(std::max(keys, channels) * 4);
    code_row = add(std::max(keys, channels));
    sums = add(block * keys * 4);
    p_codes = add(a_bytes(block, keys));
    p_rows = add(block * 4);
    out = add(block * channels * 4);
  }

  std::int64_t bytes = 0;  // of the whole slot
  std::int64_t block;
  std::int64_t q_codes, q_rows;     // codes, and (scale, lo) of each query
  std::int64_t k_codes, k_rows;     // codes, and what the epilogue needs per key: u, r, b
  std::int64_t v_codes, v_columns;  // codes, and scale, inverse scale and mean per channel
  std::int64_t row, code_row;       // one row of floats, one of codes
  std::int64_t sums;                // s32 [block, keys]
  std::int64_t p_codes, p_rows;     // softmax codes, and the scale of each row
  std::int64_t out;                 // s32 [block, channels]

 private:
  static std::int64_t filled(std::int64_t count, std::int64_t to) {
    return (count + to - 1) / to * to;
  }
  std::int64_t add(std::int64_t size) {
    const std::int64_t offset = bytes;
    bytes += (size + 63) / 64 * 64;
    return offset;
  }
};

}  // namespace vitq
