// SPDX-License-Identifier: Apache-2.0
// Some products add two neighbouring terms in 16 bits with saturation (vpmaddubsw, on CPUs without
// VNNI). Weights for them are split into a dense part that never saturates and a sparse rest.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vitq {

// It brings a pair of weights of one sign to |first + second| <= limit, which is at least 128. So
// the larger alone can give what is too much.
void limit_pair(std::int8_t& first, std::int8_t& second, std::int32_t limit);
// It does so with the two of each pair of neighbours.
void limit_pairs(std::span<std::int8_t> codes, std::int32_t limit);

// It holds the rest of a weight matrix [n, k] in rows. Output o has entries [begin[o], begin[o +
// 1]).
struct SparseRest {
  std::vector<std::int64_t> begin;
  std::vector<std::int32_t> column;
  std::vector<std::int32_t> value;

  bool empty() const { return column.empty(); }
  // It adds the sum of value * x[column] to acc[o], for one row of codes.
  void add_to(const std::uint8_t* x, std::int32_t* acc) const;
};

struct SplitWeights {
  std::vector<std::int8_t> dense;  // [n, k]
  SparseRest rest;
};

// dense + rest equals codes. For activation codes up to `top`, |dense[o][i] + dense[o][i+1]| is at
// most 32767 / top where the two have one sign. This holds for even i, and if k is no multiple of 4
// for any i.
SplitWeights split_pairs(std::span<const std::int8_t> codes, std::int64_t k, std::int32_t top);

}  // namespace vitq
