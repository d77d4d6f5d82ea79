// SPDX-License-Identifier: Apache-2.0
// Computes what a quantized layer does, from the definitions in vitq/quant.h.
#include "vitq/layer_draft.h"

#include <algorithm>

#include "base/matmul.h"
#include "layer/rounding.h"

namespace vitq {
namespace {

// Makes one value per column from one per input channel. A convolution's columns go by channel
// first.
std::vector<float> per_column(const std::vector<float>& values, std::size_t columns, float none) {
  if (values.empty()) return std::vector<float>(columns, none);
  const std::size_t repeat = columns / values.size();
  std::vector<float> result(columns);
  for (std::size_t c = 0; c < columns; ++c) result[c] = values[c / repeat];
  return result;
}

std::size_t columns_of(const LayerDraft& layer) {
  return static_cast<std::size_t>(layer.weight.cols);
}

}  // namespace

std::vector<float> column_smoothing(const LayerDraft& layer) {
  return per_column(layer.input.smoothing_scale, columns_of(layer), 1.0F);
}

std::vector<float> column_offset(const LayerDraft& layer) {
  return per_column(layer.input.channel_offset, columns_of(layer), 0.0F);
}

void set_smoothing(LayerDraft& layer, std::vector<float> smoothing_scale,
                   std::vector<float> channel_offset) {
  layer.input.smoothing_scale = std::move(smoothing_scale);
  layer.input.channel_offset = std::move(channel_offset);
  layer.input.clip.clear();
  const std::vector<float> factors = column_smoothing(layer);
  layer.goal = layer.weight;
  for (std::int64_t o = 0; o < layer.goal.rows; ++o) {
    const std::span<float> row = layer.goal.row(o);
    for (std::size_t c = 0; c < row.size(); ++c) row[c] *= factors[c];
  }
}

Matrix float_outputs(const LayerDraft& layer, const Matrix& x) {
  Matrix y = matmul_nt(x, layer.weight);
  for (std::int64_t r = 0; r < y.rows; ++r) {
    const std::span<float> row = y.row(r);
    for (std::size_t o = 0; o < row.size(); ++o) row[o] += layer.bias[o];
  }
  return y;
}

RowCodes row_codes(const QParams& input, std::span<const float> row, bool output_token) {
  const int bits = input.bits_of(output_token);
  if (input.range == Range::kStatic) return {input.lo.front(), input.scale.front(), bits};
  const auto [min, max] = std::minmax_element(row.begin(), row.end());
  RowRange range = {*min, *max};
  const bool own_bits = output_token && input.output_token_bits;
  if (!own_bits && !input.clip.empty()) range = range.clipped(input.clip[0], input.clip[1]);
  return {range.lo, row_scale(range.lo, range.hi, bits), bits};
}

Matrix dequantized_inputs(const LayerDraft& layer, const Matrix& x, RowSpan output) {
  const QParams& input = layer.input;
  const std::vector<float> smoothing_scale = column_smoothing(layer);
  const std::vector<float> channel_offset = column_offset(layer);
  Matrix u(x.rows, x.cols);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const std::span<const float> in = x.row(r);
    const std::span<float> out = u.row(r);
    for (std::size_t c = 0; c < in.size(); ++c)
      out[c] = (in[c] - channel_offset[c]) / smoothing_scale[c];
    const RowCodes codes = row_codes(input, out, output.has(r));
    const float inverse = 1.0F / codes.scale;
    const auto top = static_cast<float>(max_code(codes.bits));
    for (float& v : out) {
      v = codes.lo + codes.scale * nearest_within((v - codes.lo) * inverse, 0.0F, top);
    }
  }
  return u;
}

Matrix dequantized_weights(const LayerDraft& layer) {
  Matrix w(layer.weight.rows, layer.weight.cols);
  for (std::int64_t o = 0; o < w.rows; ++o) {
    const std::span<float> row = w.row(o);
    const float scale = layer.scale[static_cast<std::size_t>(o)];
    const std::int16_t* codes = layer.codes.data() + o * w.cols;
    for (std::size_t c = 0; c < row.size(); ++c) row[c] = scale * static_cast<float>(codes[c]);
  }
  return w;
}

Matrix outputs(const LayerDraft& layer, const Matrix& dequantized) {
  Matrix y = matmul_nt(dequantized, dequantized_weights(layer));
  const std::vector<float> channel_offset = offset_part(layer);
  for (std::int64_t r = 0; r < y.rows; ++r) {
    const std::span<float> row = y.row(r);
    for (std::size_t o = 0; o < row.size(); ++o) row[o] += layer.new_bias[o] + channel_offset[o];
  }
  return y;
}

std::vector<float> offset_part(const LayerDraft& layer) {
  std::vector<float> part(static_cast<std::size_t>(layer.weight.rows), 0.0F);
  if (layer.input.channel_offset.empty()) return part;
  const std::vector<float> smoothing_scale = column_smoothing(layer);
  const std::vector<float> channel_offset = column_offset(layer);
  for (std::size_t o = 0; o < part.size(); ++o) {
    const std::int16_t* codes = layer.codes.data() + o * smoothing_scale.size();
    double sum = 0.0;
    for (std::size_t c = 0; c < smoothing_scale.size(); ++c)
      sum += static_cast<double>(channel_offset[c] / smoothing_scale[c]) * codes[c];
    part[o] = static_cast<float>(sum * static_cast<double>(layer.scale[o]));
  }
  return part;
}

}  // namespace vitq
