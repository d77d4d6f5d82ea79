// SPDX-License-Identifier: Apache-2.0
// What a thread needs to work on one head of an attention on codes.
#pragma once

#include <algorithm>

#include "kernels/code_product.h"
#include "kernels/workspace.h"

namespace vitq {

// The memory in which a thread works on one head. Queries are taken in blocks, so that the scores
// of a block stay in the cache from the first product to the second.
struct HeadMemory {
  static constexpr std::int64_t kBlock = 64;  // queries

  // Keys, and the channels of queries and of values.
  struct Extents {
    std::int64_t queries, keys, channels, values;

    std::int64_t longest() const { return std::max({keys, channels, values}); }
  };
  HeadMemory(const CodeProduct& scores, const CodeProduct& outputs, const Extents& n)
      : block(std::min(kBlock, n.queries)),
        q_codes(layout.add<std::byte>(scores.a_bytes(block))),
        q_rows(layout.add<float>(2 * block)),
        k_codes(layout.add<std::byte>(scores.b_bytes())),
        k_rows(layout.add<float>(3 * n.keys)),
        v_codes(layout.add<std::byte>(outputs.b_bytes())),
        v_columns(layout.add<float>(3 * n.values)),
        row(layout.add<float>(n.longest())),
        u8_row(layout.add<std::uint8_t>(2 * std::max(n.keys, n.channels))),
        s8_row(layout.add<std::int8_t>(2 * std::max(n.channels, n.values))),
        s16_row(layout.add<std::int16_t>(n.longest())),
        sums(layout.add<std::int32_t>(scores.sums().sums(block))),
        p_codes(layout.add<std::byte>(outputs.a_bytes(block))),
        p_rows(layout.add<float>(block)),
        out(layout.add<std::int32_t>(outputs.sums().sums(block))) {}

  WorkspaceLayout layout;
  std::int64_t block;
  Part<std::byte> q_codes;
  Part<float> q_rows;  // scale and lo of each query
  Part<std::byte> k_codes;
  Part<float> k_rows;  // what the epilogue needs of each key: weight_scale, lo_term, bias
  Part<std::byte> v_codes;
  Part<float> v_columns;       // of each channel of values: scale, inverse scale, mean
  Part<float> row;             // a row of floats
  Part<std::uint8_t> u8_row;   // a row of codes, of up to two digits
  Part<std::int8_t> s8_row;    // the same with a sign
  Part<std::int16_t> s16_row;  // a row of whole codes
  Part<std::int32_t> sums;     // [block, keys], by digits
  Part<std::byte> p_codes;     // softmax codes
  Part<float> p_rows;          // the scale of each row of them
  Part<std::int32_t> out;      // [block, values], by digits
};

}  // namespace vitq
