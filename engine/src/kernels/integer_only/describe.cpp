// SPDX-License-Identifier: Apache-2.0
#include "kernels/integer_only/describe.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/text.h"
#include "plan/fixed_point.h"
#include "plan/linear_constants.h"
#include "plan/views.h"
#include "vitq/error.h"

namespace vitq {
namespace {

static_assert(kVitqFraction == kFraction && kVitqLimit == kValueLimit);
static_assert(kVitqFactorFraction == kFactorFraction && kVitqZeroFraction == kZeroFraction);
static_assert(kVitqPieces == kPieces);

constexpr VitqView kNone = {-1, 0};

std::int32_t narrow(std::int64_t value) {
  if (value >= 0 && value <= std::numeric_limits<std::int32_t>::max()) {
    return static_cast<std::int32_t>(value);
  }
  throw LimitError(cat("integers only take buffers of at most 2^31 elements, not ", value));
}

VitqView view_of(const View& view) {
  return {view.buffer, narrow(view.offset)};
}
VitqView view_of(const std::optional<View>& view) {
  return view ? view_of(*view) : kNone;
}

// Of up to three operands.
VitqWalk walk_of(const std::vector<View>& views) {
  const RowWalk walk = walk_rows(views);
  VitqWalk result = {};
  result.rows = narrow(walk.rows);
  if (walk.extents.size() > kVitqAxes) {
    throw LimitError(
        cat("integers only take rows along ", int{kVitqAxes}, " axes, not ", walk.extents.size()));
  }
  result.axes = narrow(static_cast<std::int64_t>(walk.extents.size()));
  for (std::size_t axis = 0; axis < walk.extents.size(); ++axis) {
    result.extent[axis] = narrow(walk.extents[axis]);
    for (std::size_t i = 0; i < views.size(); ++i) {
      result.stride[i][axis] = narrow(walk.strides[i][axis]);
    }
  }
  return result;
}

template <std::size_t kCount>
void set_strides(std::int32_t (&strides)[kCount], const View& view) {
  for (std::size_t i = 0; i < kCount; ++i) strides[i] = narrow(view.strides[i]);
}

VitqBits bits_of(int all, int output, const OutputRows& rows) {
  return {all, output, narrow(rows.tokens), narrow(rows.begin), narrow(rows.end)};
}
VitqBits bits_of(const RowCoding& coding) {
  return bits_of(coding.bits, coding.output_token_bits, coding.output_rows);
}

VitqCoding coding_of(const std::optional<RowCoding>& coding, const View& codes) {
  if (!coding) return {kNone, kNone, kNone, kNone, {}};
  return {view_of(codes), view_of(coding->ranges), view_of(coding->channel_offset),
          view_of(coding->inverse_smoothing), bits_of(*coding)};
}

VitqFunction function_of(Act act, const std::optional<View>& pieces) {
  const FixedFunction function = fixed_function(act).value_or(FixedFunction{});
  return {view_of(pieces), function.range, function.odd ? 1 : 0, function.offset};
}

// Steps whose rows may be any that lie along the axis that is contiguous in the output.
VitqRowwise rowwise(const Step& step, VitqOperation operation, std::vector<View> operands) {
  const bool codes_only = step.out.dtype == DType::kU8 && operation != kVitqCopyBytes;
  operands.insert(operands.begin() + 1, step.out);
  if (operation != kVitqLayerNorm) {
    const std::vector<int> order = memory_order(step.out);
    for (View& view : operands) view = permuted(view, order);
  }
  const auto last = static_cast<std::size_t>(step.out.dims.rank() - 1);
  VitqRowwise result = {};
  result.operation = operation;
  result.n = narrow(operands[1].dims[-1]);
  result.a = view_of(operands[0]);
  result.a_step = narrow(operands[0].strides[last]);
  result.b = operands.size() > 2 ? view_of(operands[2]) : kNone;
  result.b_step = operands.size() > 2 ? narrow(operands[2].strides[last]) : 0;
  result.y = codes_only ? kNone : view_of(step.out);
  result.walk = walk_of(operands);
  result.coding = coding_of(step.epilogue.coding, step.out);
  result.function.pieces = result.gain = result.bias = kNone;
  return result;
}

VitqPatches no_patches() {
  VitqPatches patches = {};
  patches.image = patches.offset = patches.factor = kNone;
  return patches;
}

VitqPatches patches_of(const step::Im2col& im2col, const RowCoding& coding) {
  const View& image = im2col.image;
  View corners = image;
  corners.dims = {image.dims[0], image.dims[1], image.dims[2], 1};
  VitqPatches patches = no_patches();
  patches.image = view_of(image);
  patches.bytes = image.dtype == DType::kU8 ? 1 : 0;
  patches.corners = walk_of({corners});
  patches.height = narrow(image.dims[3]);
  patches.width = narrow(image.dims[4]);
  patches.channels = narrow(image.dims[5]);
  patches.row_stride = narrow(image.strides[3]);
  patches.column_stride = narrow(image.strides[4]);
  if (patches.bytes != 0) return patches;
  patches.offset = view_of(coding.channel_offset);
  patches.factor = view_of(coding.inverse_smoothing);
  patches.bits = bits_of(coding);
  return patches;
}

VitqLinear linear(const Step& step, const step::IntegerLinear& op) {
  const bool codes_only = step.out.dtype == DType::kU8;
  const View& codes = step.epilogue.codes ? *step.epilogue.codes : step.out;
  VitqLinear result = {};
  result.x = view_of(op.x);
  result.x_rows = op.im2col ? kNone : view_of(op.coding.ranges);
  result.patches = op.im2col ? patches_of(*op.im2col, op.coding) : no_patches();
  result.k = narrow(op.weight.dims[1]);
  result.n = narrow(op.weight.dims[0]);
  result.weight = view_of(op.weight);
  result.multiplier = view_of(op.weight_scale);
  result.shift = {op.weight_scale.buffer, narrow(op.weight_scale.offset + op.weight.dims[0])};
  result.code_sum = view_of(op.lo_term);
  result.bias = view_of(op.bias);
  result.output_bias = view_of(op.output_bias);
  result.tokens = narrow(op.output_rows.tokens);
  result.begin = narrow(op.output_rows.begin);
  result.end = narrow(op.output_rows.end);
  result.residual = view_of(step.epilogue.residual);
  result.y = codes_only ? kNone : view_of(step.out);
  result.walk = walk_of({step.out, codes, step.epilogue.residual.value_or(step.out)});
  result.activated = step.epilogue.act == Act::kNone ? 0 : 1;
  result.function = function_of(step.epilogue.act, step.epilogue.act_pieces);
  result.coding = coding_of(step.epilogue.coding, codes);
  return result;
}

VitqAttention attention(const Step& step, const step::Attention& op) {
  VitqAttention result = {};
  result.q = view_of(op.q);
  result.k = view_of(op.k);
  result.v = view_of(op.v);
  result.y = view_of(step.out);
  set_strides(result.q_strides, op.q);
  set_strides(result.k_strides, op.k);
  set_strides(result.v_strides, op.v);
  set_strides(result.y_strides, step.out);
  result.images = narrow(op.q.dims[0]);
  result.heads = narrow(op.q.dims[1]);
  result.queries = narrow(op.q.dims[2]);
  result.keys = narrow(op.k.dims[2]);
  result.channels = narrow(op.k.dims[3]);
  result.values = narrow(op.v.dims[3]);
  result.q_bits = bits_of(op.q_params.bits, op.q_params.bits_of(true), op.q_output);
  result.k_bits = bits_of(op.k_params.bits - 1, op.k_params.bits_of(true) - 1, op.k_output);
  result.p_bits = bits_of(op.p_params.bits, op.p_params.bits_of(true), op.q_output);
  result.v_bits = op.v_params.bits - 1;
  result.q_offset = view_of(op.q_offset);
  result.q_factor = view_of(op.q_factor);
  result.k_offset = view_of(op.k_offset);
  result.k_factor = view_of(op.k_factor);
  result.q_score = view_of(op.q_score);
  result.hidden = view_of(op.hidden);
  result.hidden_stride = op.hidden ? narrow(op.hidden->strides[0]) : 0;
  const Dyadic scale = dyadic(static_cast<double>(op.scale) * std::numbers::log2e);
  result.multiplier = scale.multiplier;
  result.shift = scale.shift;
  return result;
}

VitqMean mean(const Step& step, const View& x) {
  return {view_of(x),           view_of(step.out),          narrow(x.dims[0]),
          narrow(x.dims[1]),    narrow(x.dims[2]),          narrow(x.strides[0]),
          narrow(x.strides[1]), narrow(step.out.strides[0])};
}

VitqPool pool(const Step& step, const step::MaxPool& op) {
  VitqPool result = {};
  result.x = view_of(op.x);
  result.y = view_of(step.out);
  result.images = narrow(step.out.dims[0]);
  result.channels = narrow(step.out.dims[1]);
  result.height = narrow(step.out.dims[2]);
  result.width = narrow(step.out.dims[3]);
  result.x_height = narrow(op.x.dims[2]);
  result.x_width = narrow(op.x.dims[3]);
  result.kernel = op.pool.kernel;
  result.stride = op.pool.stride;
  result.pad = op.pool.pad;
  set_strides(result.x_strides, op.x);
  set_strides(result.y_strides, step.out);
  return result;
}

VitqStep any(const VitqRowwise& rowwise) {
  return {.kind = kVitqRowwise, .of = {.rowwise = rowwise}};
}

struct Describer {
  const Step& step;

  VitqStep operator()(const step::LayerNorm& op) const {
    VitqRowwise result = rowwise(step, kVitqLayerNorm, {op.x});
    result.gain = view_of(op.gain);
    result.bias = view_of(op.bias);
    result.eps = static_cast<std::uint64_t>(std::llround(std::ldexp(op.eps, 2 * kFraction)));
    return any(result);
  }
  VitqStep operator()(const step::Activate& op) const {
    if (op.kind == Act::kNone) return any(rowwise(step, kVitqCopy, {op.x}));
    VitqRowwise result = rowwise(step, kVitqActivate, {op.x});
    result.function = function_of(op.kind, op.pieces);
    return any(result);
  }
  VitqStep operator()(const step::Add& op) const {
    return any(rowwise(step, kVitqAdd, {op.a, op.b}));
  }
  VitqStep operator()(const step::Multiply& op) const {
    return any(rowwise(step, kVitqMultiply, {op.a, op.b}));
  }
  VitqStep operator()(const step::Scale& op) const {
    VitqRowwise result = rowwise(step, kVitqScale, {op.x});
    const Dyadic scale = dyadic(std::abs(static_cast<double>(op.factor)));
    result.multiplier = op.factor < 0.0F ? -scale.multiplier : scale.multiplier;
    result.shift = std::clamp(scale.shift, 1, 62);
    return any(result);
  }
  VitqStep operator()(const step::Copy& op) const {
    return any(rowwise(step, op.x.dtype == DType::kU8 ? kVitqCopyBytes : kVitqCopy, {op.x}));
  }
  VitqStep operator()(const step::Quantize& op) const {
    return any(rowwise(step, kVitqCopy, {op.x}));
  }
  VitqStep operator()(const step::Mean& op) const {
    return {.kind = kVitqMean, .of = {.mean = mean(step, op.x)}};
  }
  VitqStep operator()(const step::MaxPool& op) const {
    return {.kind = kVitqPool, .of = {.pool = pool(step, op)}};
  }
  VitqStep operator()(const step::IntegerLinear& op) const {
    return {.kind = kVitqLinear, .of = {.linear = linear(step, op)}};
  }
  VitqStep operator()(const step::Attention& op) const {
    return {.kind = kVitqAttention, .of = {.attention = attention(step, op)}};
  }
  template <typename Other>
  VitqStep operator()(const Other& op) const {
    throw UnsupportedError(
        cat("step '", step.name, "' (", name_of(StepOp(op)), ") has no kernel on integers only"));
  }
};

// Whether a step works on values s32, or moves bytes.
bool on_integers(const Step& step) {
  if (std::holds_alternative<step::ToFloat>(step.op)) return false;
  bool integers = true;
  for_each_view(step, [&](const View& view) { integers &= view.dtype != DType::kF32; });
  return integers;
}

}  // namespace

std::optional<VitqStep> describe(const Step& step) {
  if (!on_integers(step)) return std::nullopt;
  return std::visit(Describer{step}, step.op);
}

}  // namespace vitq
