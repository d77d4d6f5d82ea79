// SPDX-License-Identifier: Apache-2.0
// What a node of the graph means: a closed set of plain structs. Adding one makes every visitor
// that forgot it a compile error. Operands are the node's inputs, in the order stated here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "vitq/tensor.h"

namespace vitq {

// kGelu has the exact erf and kGeluTanh its approximation by tanh. kQuickGelu is x sigmoid(1.702
// x), and kSilu is x sigmoid(x).
enum class Act : std::uint8_t {
  kNone,
  kGelu,
  kRelu,
  kSigmoid,
  kGeluTanh,
  kQuickGelu,
  kSilu,
  kTanh
};
inline constexpr std::size_t kActs = 8;

namespace op {

// What the caller gives to Session::run.
struct Input {};
// A weight, found in the checkpoint under the node's name.
struct Param {};
// Values known when the graph is traced, such as sine positions.
struct Constant {
  Tensor value;
};
// x [..., k], weight [n, k], optional bias [n] -> x weight^T + bias, [..., n].
struct Linear {};
// x [N, C, H, W], weight [O, C, kh, kw], optional bias [O] -> [N, O, H', W'], as torch.conv2d.
struct Conv2d {
  int stride = 1;
  int pad = 0;
  int dilation = 1;
};
// a [..., m, k], b [..., k, n], or [..., n, k] if transpose_b -> scale * a b, [..., m, n].
struct MatMul {
  bool transpose_b = false;
  float scale = 1.0F;
};
// x [..., n], gain [n], bias [n]; over the last axis, biased variance.
struct LayerNorm {
  float eps = 1e-6F;
};
// Over the last axis.
struct Softmax {};
// x / max(|x|, 1e-12) over the last axis: rows of length 1, as torch.nn.functional.normalize.
struct UnitLength {};
struct Activate {
  Act kind = Act::kNone;
};
// a + b. Extents of 1 are broadcast; the ranks are equal.
struct Add {};
// a * b, likewise.
struct Multiply {};
struct Scale {
  float factor = 1.0F;
};
// Of each element, an angle.
struct Sine {};
// Operands side by side along `axis`; extents of 1 on the other axes are broadcast.
struct Concat {
  int axis = 0;
};
// Indices [begin, end) along `axis`.
struct Slice {
  int axis = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};
// To the node's shape, row-major order kept.
struct Reshape {};
// out.shape[i] = in.shape[order[i]], as torch.permute.
struct Permute {
  std::vector<int> order;
};
// x [N, T, C] -> [N, 1, C], the mean over the tokens.
struct Mean {};
// x [N, C, H, W] -> [N, C, H', W'], as torch.max_pool2d.
struct MaxPool {
  int kernel = 3;
  int stride = 2;
  int pad = 1;
};

// x [..., T, C], a weight. Its rows [begin, begin + from_height * from_width) are a grid of
// positions, which is resampled to height x width. Other rows stay. The result [..., T', C] is as
// torch.nn.functional.interpolate(mode="bicubic", align_corners=False) makes it.
struct Resample {
  std::int64_t begin = 0;
  std::int64_t from_height = 0, from_width = 0;
  std::int64_t height = 0, width = 0;
};

}  // namespace op

using Op = std::variant<op::Input, op::Param, op::Constant, op::Linear, op::Conv2d, op::MatMul,
                        op::LayerNorm, op::Softmax, op::Activate, op::Add, op::Multiply, op::Scale,
                        op::Sine, op::Concat, op::Slice, op::Reshape, op::Permute, op::Mean,
                        op::MaxPool, op::Resample, op::UnitLength>;

// "Linear", "MatMul", ... as printed in tables.
std::string_view name_of(const Op& op);

}  // namespace vitq
