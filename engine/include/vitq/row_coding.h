// SPDX-License-Identifier: Apache-2.0
// Strided views of a plan's buffers, and how rows of them become codes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "vitq/quant.h"
#include "vitq/tensor.h"

namespace vitq {

using BufferId = std::int32_t;

// A strided view of a buffer. Slices, transposes and splits into heads are views and cost nothing.
struct View {
  BufferId buffer = -1;
  std::int64_t offset = 0;  // in elements
  Shape dims;
  std::array<std::int64_t, Shape::kMaxRank> strides = {};  // in elements; 0 repeats
  DType dtype = DType::kF32;
};

// Rows r with r % tokens in [begin, end) are output tokens. With tokens 0 none is.
struct OutputRows {
  std::int64_t tokens = 0, begin = 0, end = 0;

  bool has(std::int64_t row) const {
    if (tokens == 0) return false;
    const std::int64_t token = row % tokens;
    return token >= begin && token < end;
  }
};

// How rows of floats become codes: code = rne((v - lo) / scale), within [0, max_code(bits)], with
// v = (x - channel_offset) / smoothing_scale.
struct RowCoding {
  int bits = 8;
  int output_token_bits = 8;  // in these rows instead
  OutputRows output_rows = {};
  float clip_below = 0.0F, clip_above = 0.0F;  // shares of the range of the other rows
  Range range = Range::kPerToken;
  float scale = 1.0F;                       // kStatic
  float lo = 0.0F;                          // kStatic
  std::optional<View> channel_offset = {};  // f32 constants, one value per column; both or none
  std::optional<View> inverse_smoothing = {};
  // kPerToken: where each row's scale and lo go, f32 [..., 2]. Of values s32, where its scale,
  // exponent and zero go, s32 [..., 3].
  std::optional<View> ranges = {};
  // Codes of more than 8 bits are two digits. The low one of each lies so many bytes after the
  // other.
  std::int64_t low_digits = 0;

  int bits_of(std::int64_t row) const { return output_rows.has(row) ? output_token_bits : bits; }
  // Of a row that spans this.
  RowRange range_of(std::int64_t row, RowRange all) const {
    return output_rows.has(row) ? all : all.clipped(clip_below, clip_above);
  }
  int most_bits() const {
    return output_rows.tokens > 0 ? std::max(bits, output_token_bits) : bits;
  }
  int digits() const { return digits_of(most_bits()); }
  // The largest digit of a code.
  std::int32_t max_digit() const { return max_code(std::min(most_bits(), kDigitBits)); }
};

}  // namespace vitq
