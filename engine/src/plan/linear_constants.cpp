// SPDX-License-Identifier: Apache-2.0
#include "plan/linear_constants.h"

#include <utility>

#include "core/text.h"
#include "plan/fixed_point.h"
#include "plan/weight_codes.h"
#include "vitq/error.h"

namespace vitq {
namespace {

// Columns of rows that are no filling.
std::int64_t columns_of(const View& x) {
  return is_im2col(x) ? x.dims[3] * x.dims[4] * x.dims[5] : x.dims[-1];
}

// Which of a layer's weights [C, kernel, kernel] column number `column` of the rows multiplies.
std::int64_t weight_of_column(std::int64_t column, const View& x) {
  if (!is_im2col(x)) return column;
  const std::int64_t channels = x.dims[-1];
  return column % channels * (x.dims[3] * x.dims[4]) + column / channels;
}

// The codes [n, ...] of a layer as a matrix [n, k].
template <typename Code>
Tensor matrix_of(const Tensor& codes, const View& x) {
  const std::int64_t n = codes.shape()[0];
  const std::int64_t k = codes.shape().elements() / n;
  if (!is_im2col(x)) return codes.reshaped({n, k});
  const std::int64_t stride = rows_shape(x)[-1];
  Tensor matrix({n, stride}, codes.dtype());
  const std::span<const Code> from = codes.as<Code>();
  const std::span<Code> to = matrix.as<Code>();
  for (std::int64_t column = 0; column < k; ++column) {
    const std::int64_t weight = weight_of_column(column, x);
    for (std::int64_t o = 0; o < n; ++o) {
      to[static_cast<std::size_t>(o * stride + column)] =
          from[static_cast<std::size_t>(o * k + weight)];
    }
  }
  return matrix;
}

// The digits of codes s16 [n, k] as s8 [2 n, k].
Tensor digits_of_codes(const Tensor& codes, std::int32_t base) {
  const Shape& shape = codes.shape();
  Tensor digits({2 * shape[0], shape[1]}, DType::kS8);
  const std::span<const std::int16_t> from = codes.as<std::int16_t>();
  const std::span<std::int8_t> high = digits.as<std::int8_t>();
  const std::span<std::int8_t> low = high.subspan(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    const WeightDigits two = weight_digits(from[i], base);
    high[i] = two.high;
    low[i] = two.low;
  }
  return digits;
}

// As an integer layer multiplies them.
Tensor matrix_of_digits(const Tensor& codes, const LinearOperands& operands) {
  if (codes.dtype() != DType::kS16) return matrix_of<std::int8_t>(codes, operands.x);
  return digits_of_codes(matrix_of<std::int16_t>(codes, operands.x),
                         weight_digit_base(operands.weight.bits));
}

// What a code of each column stands for at code 0 of its row: channel_offset / smoothing_scale.
std::vector<double> offsets_of(const LinearOperands& operands) {
  const std::vector<float> smoothing_scale = per_column(operands.act.smoothing_scale, operands.x);
  const std::vector<float> channel_offset = per_column(operands.act.channel_offset, operands.x);
  std::vector<double> offsets(channel_offset.begin(), channel_offset.end());
  for (std::size_t c = 0; c < offsets.size() && !smoothing_scale.empty(); ++c) {
    offsets[c] /= static_cast<double>(smoothing_scale[c]);
  }
  return offsets;
}

// Everything but biases.
LinearConstants constants_without_biases(const Tensor& codes, const LinearOperands& operands) {
  const std::vector<double> offsets = offsets_of(operands);
  const std::vector<float>& scales = operands.weight.scale;
  const Shape rows = {codes.shape()[0]};
  LinearConstants result = {.codes = matrix_of_digits(codes, operands),
                            .digit_base = weight_digit_base(operands.weight.bits),
                            .weight_scale = Tensor(rows, DType::kF32),
                            .lo_term = Tensor(rows, DType::kF32),
                            .bias = Tensor(rows, DType::kF32),
                            .output_bias = {}};
  const std::size_t k = at(result.codes.shape()[1]);
  const std::span<const std::int8_t> all = std::as_const(result.codes).as<std::int8_t>();
  for (std::size_t o = 0; o < at(rows[0]); ++o) {
    const std::span<const std::int8_t> w = all.subspan(o * k, k);
    double sum = sum_of(w);
    double offset = dot(w, offsets);
    if (result.digit_base > 1) {
      const std::span<const std::int8_t> low = all.subspan((at(rows[0]) + o) * k, k);
      sum = result.digit_base * sum + sum_of(low);
      offset = result.digit_base * offset + dot(low, offsets);
    }
    const double scale = static_cast<double>(scales.size() == 1 ? scales[0] : scales[o]);
    result.weight_scale.as<float>()[o] = static_cast<float>(scale);
    result.lo_term.as<float>()[o] = static_cast<float>(scale * sum);
    result.bias.as<float>()[o] = static_cast<float>(scale * offset);
  }
  return result;
}

void add_to(Tensor& sums, const Tensor& more) {
  const Tensor values = more.to_f32();
  const std::span<const float> add = values.as<float>();
  const std::span<float> to = sums.as<float>();
  for (std::size_t o = 0; o < to.size(); ++o) {
    to[o] = static_cast<float>(static_cast<double>(to[o]) + static_cast<double>(add[o]));
  }
}

}  // namespace

bool is_im2col(const View& x) {
  return x.dims.rank() == 6;
}

Shape rows_shape(const View& x) {
  if (!is_im2col(x)) return x.dims;
  return {x.dims[0], x.dims[1], x.dims[2], (columns_of(x) + 3) / 4 * 4};
}

std::vector<float> per_column(const std::vector<float>& values, const View& x) {
  std::vector<float> result;
  const auto count = static_cast<std::int64_t>(values.size());
  const std::int64_t columns = columns_of(x);
  for (std::int64_t c = 0; c < columns && count > 0; ++c) {
    const std::int64_t index = weight_of_column(c, x) * count / columns;
    result.push_back(values[static_cast<std::size_t>(index)]);
  }
  return result;
}

LinearConstants linear_constants(const Node& node, const Weights& weights,
                                 const LinearOperands& operands) {
  LinearConstants result = constants_without_biases(weights.at(operands.weight_name), operands);
  const Tensor* bias = weights.find(node.name + ".bias");
  const Tensor* output_bias = weights.find(node.name + ".output_token_bias");
  for (const Tensor* tensor : {bias, output_bias}) {
    const Shape& expected = result.bias.shape();
    if (tensor != nullptr && tensor->shape() != expected) {
      throw WeightError(cat("layer '", node.name, "': expected a bias ", expected.str(), ", found ",
                            tensor->shape().str()));
    }
  }
  if (output_bias != nullptr) {
    result.output_bias = result.bias.clone();
    add_to(*result.output_bias, *output_bias);
  }
  if (bias != nullptr) add_to(result.bias, *bias);
  return result;
}

LinearConstants fixed_constants(const LinearConstants& constants, const std::string& name) {
  LinearConstants result = {.codes = constants.codes,
                            .weight_scale = dyadic_scales(constants.weight_scale.as<float>(), name),
                            .lo_term = Tensor(constants.bias.shape(), DType::kS32),
                            .bias = fixed_values(constants.bias),
                            .output_bias = {}};
  if (constants.output_bias) result.output_bias = fixed_values(*constants.output_bias);
  const std::size_t k = at(constants.codes.shape()[1]);
  const std::span<const std::int8_t> codes = constants.codes.as<std::int8_t>();
  const std::span<std::int32_t> sums = result.lo_term.as<std::int32_t>();
  for (std::size_t o = 0; o < sums.size(); ++o) sums[o] = sum_of(codes.subspan(o * k, k));
  return result;
}

Tensor weight_values(const LinearConstants& constants) {
  const std::size_t k = at(constants.codes.shape()[1]);
  const std::span<const float> scale = constants.weight_scale.as<float>();
  Tensor values({std::ssize(scale), constants.codes.shape()[1]}, DType::kF32);
  const std::span<const std::int8_t> codes = constants.codes.as<std::int8_t>();
  const std::span<float> to = values.as<float>();
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::int32_t code = codes[i];
    if (constants.digit_base > 1) code = constants.digit_base * code + codes[to.size() + i];
    to[i] = scale[i / k] * static_cast<float>(code);
  }
  return values;
}

}  // namespace vitq
