// SPDX-License-Identifier: Apache-2.0
#include "kernels/coding.h"

namespace vitq {

RowCoder::RowCoder(const RowCoding& coding, std::int64_t n, const RowKernels& rows)
    : coding_(coding), n_(n), rows_(rows) {}

// Of the values without their smoothing scales and offsets, which are left in `room` if they have
// some.
RowRange RowCoder::span_of(Buffers buffers, const float* values, float* room) const {
  RowRange range = {0.0F, 0.0F};
  if (coding_.channel_offset) {
    const auto* channel_offset = data_of<const float>(buffers, *coding_.channel_offset);
    const auto* factor = data_of<const float>(buffers, *coding_.inverse_smoothing);
    rows_.center_scale_min_max({values, channel_offset, factor}, n_, room, &range.lo, &range.hi);
  } else if (coding_.range != Range::kStatic) {
    rows_.min_max(values, n_, &range.lo, &range.hi);
  }
  return range;
}

void RowCoder::encode(Buffers buffers, std::int64_t row, const float* values, float* room,
                      std::uint8_t* codes) const {
  const RowScale range = scale_of_row(coding_, row, span_of(buffers, values, room));
  if (coding_.channel_offset) values = room;
  write_codes({values, n_, row}, range, codes);
  keep_row_scale(coding_, buffers, row, range);
}

void RowCoder::write_codes(const Values& values, RowScale range, std::uint8_t* codes) const {
  const auto top = static_cast<float>(max_code(coding_.bits_of(values.row)));
  const float inverse = 1.0F / range.scale;
  if (coding_.digits() == 1) {
    rows_.quantize_u8(values.from, values.n, range.lo, inverse, top, codes);
  } else {
    rows_.quantize_u16(values.from, values.n, range.lo, inverse, top,
                       {codes, codes + coding_.low_digits});
  }
}

void RowCoder::simulate(Buffers buffers, std::int64_t row, float* values,
                        std::uint8_t* codes) const {
  encode(buffers, row, values, values, codes);
  const RowScale range = row_scale_of(coding_, buffers, row);
  for (std::int64_t i = 0; i < n_; ++i) {
    std::int32_t code = codes[i];
    if (coding_.digits() == 2) code = kDigitBase * code + codes[i + coding_.low_digits];
    values[i] = range.lo + range.scale * static_cast<float>(code);
  }
}

RowScale scale_of_row(const RowCoding& coding, std::int64_t row, RowRange span) {
  if (coding.range == Range::kStatic) return {coding.scale, coding.lo};
  const RowRange range = coding.range_of(row, span);
  return {row_scale(range.lo, range.hi, coding.bits_of(row)), range.lo};
}

RowScale row_scale_of(const RowCoding& coding, Buffers buffers, std::int64_t row) {
  if (!coding.ranges) return {coding.scale, coding.lo};
  const float* range = data_of<const float>(buffers, *coding.ranges) + 2 * row;
  return {range[0], range[1]};
}

void keep_row_scale(const RowCoding& coding, Buffers buffers, std::int64_t row, RowScale range) {
  if (!coding.ranges) return;
  float* out = data_of<float>(buffers, *coding.ranges) + 2 * row;
  out[0] = range.scale;
  out[1] = range.lo;
}

}  // namespace vitq
