// SPDX-License-Identifier: Apache-2.0
#include "kernels/split.h"

#include <cstdlib>
#include <cstring>

namespace vitq {
namespace {

constexpr std::size_t kVectorBytes = 16;
constexpr int kByte = 8;
using Words = std::int16_t __attribute__((vector_size(kVectorBytes)));

Words magnitude(Words words) {
  return words < 0 ? -words : words;
}

// It does to each pair what limit_pair does. A pair without one sign never exceeds the limit.
Words limited(Words pairs, std::int16_t limit) {
  const Words first = (pairs << kByte) >> kByte;
  const Words second = pairs >> kByte;
  const Words sum = first + second;
  const Words above = magnitude(sum) - limit;
  const Words excess = above & (above > 0);
  const Words taken = sum < 0 ? -excess : excess;
  const Words from_first = magnitude(first) >= magnitude(second);
  const Words low = first - (taken & from_first);
  const Words high = second - (taken & ~from_first);
  return (low & 0xFF) | (high << kByte);
}

}  // namespace

void limit_pair(std::int8_t& first, std::int8_t& second, std::int32_t limit) {
  const std::int32_t a = first;
  const std::int32_t b = second;
  if ((a > 0) != (b > 0) || a == 0 || b == 0) return;  // opposite signs cannot overflow
  const std::int32_t sign = a > 0 ? 1 : -1;
  const std::int32_t excess = std::abs(a + b) - limit;
  if (excess <= 0) return;
  std::int8_t& larger = std::abs(a) >= std::abs(b) ? first : second;
  larger = static_cast<std::int8_t>(larger - sign * excess);
}

void limit_pairs(std::span<std::int8_t> codes, std::int32_t limit) {
  std::size_t i = 0;
  for (; i + kVectorBytes <= codes.size(); i += kVectorBytes) {
    Words pairs;
    std::memcpy(&pairs, &codes[i], sizeof(pairs));
    pairs = limited(pairs, static_cast<std::int16_t>(limit));
    std::memcpy(&codes[i], &pairs, sizeof(pairs));
  }
  for (; i + 1 < codes.size(); i += 2) limit_pair(codes[i], codes[i + 1], limit);
}

void SparseRest::add_to(const std::uint8_t* x, std::int32_t* acc) const {
  for (std::size_t o = 0; o + 1 < begin.size(); ++o) {
    std::int32_t sum = 0;
    for (auto i = static_cast<std::size_t>(begin[o]); i < static_cast<std::size_t>(begin[o + 1]);
         ++i) {
      sum += value[i] * std::int32_t{x[column[i]]};
    }
    acc[o] += sum;
  }
}

SplitWeights split_pairs(std::span<const std::int8_t> codes, std::int64_t k, std::int32_t top) {
  const std::int32_t limit = 32767 / top;
  SplitWeights result = {{codes.begin(), codes.end()}, {}};
  const auto width = static_cast<std::size_t>(k);
  for (std::size_t row = 0; row < codes.size(); row += width) {
    result.rest.begin.push_back(static_cast<std::int64_t>(result.rest.column.size()));
    const std::span<std::int8_t> dense(&result.dense[row], width);
    // oneDNN cuts long rows into blocks; only where k is a multiple of 4 do they start at even
    // columns.
    if (k % 4 == 0) {
      limit_pairs(dense, limit);
    } else {
      for (std::size_t i = 0; i + 1 < width; ++i) limit_pair(dense[i], dense[i + 1], limit);
    }
    if (std::memcmp(&codes[row], dense.data(), width) == 0) continue;
    for (std::size_t i = 0; i < width; ++i) {
      const std::int32_t rest = codes[row + i] - dense[i];
      if (rest == 0) continue;
      result.rest.column.push_back(static_cast<std::int32_t>(i));
      result.rest.value.push_back(rest);
    }
  }
  result.rest.begin.push_back(static_cast<std::int64_t>(result.rest.column.size()));
  return result;
}

}  // namespace vitq
