// SPDX-License-Identifier: Apache-2.0
// What an integer linear layer multiplies and adds. Equations: docs/numerics.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vitq/graph.h"
#include "vitq/plan.h"
#include "vitq/quant.h"
#include "vitq/weights.h"

namespace vitq {

// A layer's operands may be patches [N, H', W', kernel, kernel, C] on an image, each of which is a
// row. Everything else is rows [..., k].
bool is_im2col(const View& x);
// The shape of the rows, [..., k]. Rows of patches end in zeros up to a multiple of 4, which
// integer products ask for.
Shape rows_shape(const View& x);

// The values of a smoothing_scale or channel_offset, one per column of the rows of `x` that is no
// filling. A convolution states them per input channel or per weight of a channel.
std::vector<float> per_column(const std::vector<float>& values, const View& x);

// The constants of y = ((acc * (s * weight_scale)) + lo * lo_term) + bias, per output channel.
struct LinearConstants {
  Tensor codes;                        // s8 [n, k], columns as in the rows; of two digits [2 n, k]
  std::int32_t digit_base = 1;         // weight_digit_base
  Tensor weight_scale, lo_term, bias;  // f32 [n]
  std::optional<Tensor> output_bias;   // f32 [n], where output tokens have one of their own
};

struct LinearOperands {
  const View& x;
  const QParams& act;
  const QParams& weight;
  const std::string& weight_name;
};

// Throws WeightError or ShapeError where the weights, scales or biases do not fit.
LinearConstants linear_constants(const Node& node, const Weights& weights,
                                 const LinearOperands& operands);

// The same for values s32: weight_scale s32 [2, n], lo_term s32 the sums of the codes, and biases
// as values. Throws UnsupportedError, which names `name`, for scales that are too large.
LinearConstants fixed_constants(const LinearConstants& constants, const std::string& name);

// The weights that the codes stand for, f32 [n, k].
Tensor weight_values(const LinearConstants& constants);

}  // namespace vitq
