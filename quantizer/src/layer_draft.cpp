// SPDX-License-Identifier: Apache-2.0
// What a quantized layer computes, from the definitions in vitq/quant.h.
#include "vitq/layer_draft.h"

#include <algorithm>
#include <cmath>

#include "product.h"
#include "rounding.h"

namespace vitq {
namespace {

// One value per column from one per input channel: a convolution's columns go by channel first.
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

// The codes' lo and scale for one row of folded values.
std::pair<float, float> range_of(const QParams& input, std::span<const float> row) {
  if (input.range == Range::kFrozen) return {input.lo.front(), input.scale.front()};
  const auto [least, most] = std::minmax_element(row.begin(), row.end());
  return {*least, row_scale(*least, *most, input.bits)};
}

}  // namespace

std::vector<float> column_fold(const LayerDraft& layer) {
  return per_column(layer.input.fold, columns_of(layer), 1.0F);
}

std::vector<float> column_shift(const LayerDraft& layer) {
  return per_column(layer.input.shift, columns_of(layer), 0.0F);
}

void set_fold(LayerDraft& layer, std::vector<float> fold, std::vector<float> shift) {
  layer.input.fold = std::move(fold);
  layer.input.shift = std::move(shift);
  const std::vector<float> factors = column_fold(layer);
  layer.goal = layer.weight;
  for (std::int64_t o = 0; o < layer.goal.rows; ++o) {
    const std::span<float> row = layer.goal.row(o);
    for (std::size_t c = 0; c < row.size(); ++c) row[c] *= factors[c];
  }
}

Matrix float_outputs(const LayerDraft& layer, const Matrix& x) {
  Matrix y = product_transposed(x, layer.weight);
  for (std::int64_t r = 0; r < y.rows; ++r) {
    const std::span<float> row = y.row(r);
    for (std::size_t o = 0; o < row.size(); ++o) row[o] += layer.bias[o];
  }
  return y;
}

Matrix dequantized_inputs(const LayerDraft& layer, const Matrix& x) {
  const std::vector<float> fold = column_fold(layer);
  const std::vector<float> shift = column_shift(layer);
  Matrix u(x.rows, x.cols);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const std::span<const float> in = x.row(r);
    const std::span<float> out = u.row(r);
    for (std::size_t c = 0; c < in.size(); ++c) out[c] = (in[c] - shift[c]) / fold[c];
    const auto [lo, scale] = range_of(layer.input, out);
    const float inverse = 1.0F / scale;
    const auto top = static_cast<float>(top_code(layer.input.bits));
    for (float& v : out) {
      v = lo + scale * nearest_within((v - lo) * inverse, 0.0F, top);
    }
  }
  return u;
}

Matrix dequantized_weights(const LayerDraft& layer) {
  Matrix w(layer.weight.rows, layer.weight.cols);
  for (std::int64_t o = 0; o < w.rows; ++o) {
    const std::span<float> row = w.row(o);
    const float scale = layer.scale[static_cast<std::size_t>(o)];
    const std::int8_t* codes = layer.codes.data() + o * w.cols;
    for (std::size_t c = 0; c < row.size(); ++c) row[c] = scale * static_cast<float>(codes[c]);
  }
  return w;
}

Matrix outputs(const LayerDraft& layer, const Matrix& dequantized) {
  Matrix y = product_transposed(dequantized, dequantized_weights(layer));
  const std::vector<float> shift = shift_part(layer);
  for (std::int64_t r = 0; r < y.rows; ++r) {
    const std::span<float> row = y.row(r);
    for (std::size_t o = 0; o < row.size(); ++o) row[o] += layer.new_bias[o] + shift[o];
  }
  return y;
}

std::vector<float> shift_part(const LayerDraft& layer) {
  std::vector<float> part(static_cast<std::size_t>(layer.weight.rows), 0.0F);
  if (layer.input.shift.empty()) return part;
  const std::vector<float> fold = column_fold(layer);
  const std::vector<float> shift = column_shift(layer);
  for (std::size_t o = 0; o < part.size(); ++o) {
    const std::int8_t* codes = layer.codes.data() + o * fold.size();
    double sum = 0.0;
    for (std::size_t c = 0; c < fold.size(); ++c)
      sum += static_cast<double>(shift[c] / fold[c]) * codes[c];
    part[o] = static_cast<float>(sum * static_cast<double>(layer.scale[o]));
  }
  return part;
}

}  // namespace vitq
