// SPDX-License-Identifier: Apache-2.0
// Products on codes: linear layers, and what their operands are coded by. Equations:
// docs/numerics.md.
#include <algorithm>

#include "core/text.h"
#include "plan/linear_constants.h"
#include "plan/lowering.h"
#include "plan/prune.h"
#include "plan/views.h"
#include "vitq/error.h"

namespace vitq {
namespace {

// Offsets and factors of smoothing, one per column.
struct Smoothing {
  Tensor channel_offset, inverse;
};

Tensor floats(std::vector<float> values, std::size_t count, float otherwise) {
  values.resize(count, otherwise);
  Tensor tensor({static_cast<std::int64_t>(count)}, DType::kF32);
  std::ranges::copy(values, tensor.as<float>().begin());
  return tensor;
}

Smoothing smoothing_of(const QParams& params, const View& x) {
  const std::vector<float> offset = per_column(params.channel_offset, x);
  std::vector<float> inverse = per_column(params.smoothing_scale, x);
  for (float& value : inverse) value = 1.0F / value;
  const std::size_t columns = std::max(offset.size(), inverse.size());
  return {floats(offset, columns, 0.0F), floats(inverse, columns, 1.0F)};
}

// How x becomes codes. Bytes of an image are codes already.
RowCoding coding_of(LoweringContext& context, NodeId root, const View& x) {
  if (x.dtype == DType::kU8) return {.bits = 8, .range = Range::kStatic};
  const QParams& params = context.params(root, 0);
  if (context.integer_only()) require_integers(context, {root, 0});
  RowCoding coding = {.bits = params.bits, .range = params.range};
  if (!params.clip.empty()) {
    coding.clip_below = params.clip[0];
    coding.clip_above = params.clip[1];
  }
  if (params.output_token_bits) {
    coding.output_token_bits = *params.output_token_bits;
    coding.output_rows = context.output_rows({root, 0}, x.dims[kTokens]);
  }
  if (params.range == Range::kStatic) {
    coding.scale = params.scale[0];
    coding.lo = params.lo[0];
  } else {
    const std::int64_t numbers = context.integer_only() ? 3 : 2;
    coding.ranges = context.builder.fresh(rows_shape(x).with(-1, numbers));
  }
  if (params.channel_offset.empty() && params.smoothing_scale.empty()) return coding;
  const std::string& name = context.graph[root].name;
  const auto smoothing = context.once<Smoothing>(name, "smoothing", [&] {
    const Smoothing floats = smoothing_of(params, x);
    if (!context.integer_only()) return floats;
    return Smoothing{fixed_values(floats.channel_offset), fixed_factors(floats.inverse, name)};
  });
  coding.channel_offset = context.builder.constant(smoothing.channel_offset);
  coding.inverse_smoothing = context.builder.constant(smoothing.inverse);
  return coding;
}

LinearConstants constants_of(const LoweringContext& context, NodeId root, const View& x) {
  const Node& node = context.graph[root];
  const LinearOperands operands = {x, context.params(root, 0), context.params(root, 1),
                                   context.graph[node.inputs[1]].name};
  return context.once<LinearConstants>(node.name, "linear", [&] {
    const LinearConstants floats = linear_constants(node, context.weights, operands);
    return context.integer_only() ? fixed_constants(floats, node.name) : floats;
  });
}

step::Im2col im2col_of(PlanBuilder& builder, const View& x, const RowCoding& coding) {
  step::Im2col im2col = {x};
  if (x.dtype != DType::kF32) return im2col;
  const std::int64_t channels = x.dims[-1];
  const std::int64_t bytes = channels * static_cast<std::int64_t>(sizeof(float));
  const std::int64_t pixels = builder.buffer_of(x).bytes / bytes;
  if (coding.channel_offset) im2col.smoothed = builder.fresh({pixels, channels});
  if (coding.ranges) im2col.ranges = builder.fresh({pixels, 2});
  return im2col;
}

// Memory for the codes of x. All low digits lie behind all others.
View codes_for(PlanBuilder& builder, const View& x, RowCoding& coding) {
  if (coding.digits() == 1) return builder.fresh(x.dims, DType::kU8);
  coding.low_digits = x.dims.elements();
  const View both = builder.fresh({2 * coding.low_digits}, DType::kU8);
  return dense_view(both.buffer, x.dims, DType::kU8);
}

// Rows of x as codes, and how they were coded.
CodedRows coded_rows(LoweringContext& context, NodeId root, const View& x) {
  const NodeId source = context.graph[root].inputs[0];
  const QParams& params = context.params(root, 0);
  for (const CodedRows& before : context.coded) {
    const bool same = before.operand == source && before.params == params;
    if (same && same_elements(before.source, x)) return before;
  }
  CodedRows rows = {source, x, params, {}, coding_of(context, root, x)};
  rows.codes = codes_for(context.builder, x, rows.coding);
  context.builder.add_step(step::Quantize{{context.builder.columns_last(x)}}, rows.codes,
                           {.coding = rows.coding});
  context.coded.push_back(rows);
  return rows;
}

void set_input(step::IntegerLinear& linear, LoweringContext& context, NodeId root, const View& x) {
  if (is_im2col(x)) {
    linear.coding = coding_of(context, root, x);
    linear.im2col = im2col_of(context.builder, x, linear.coding);
  } else if (x.dtype == DType::kU8) {
    linear.coding = coding_of(context, root, x);
    linear.x = is_dense(x) ? x : context.builder.copy(x);
  } else {
    CodedRows rows = coded_rows(context, root, x);
    linear.coding = std::move(rows.coding);
    linear.x = rows.codes;
  }
}

// The output tokens of a layer that has a bias of its own for them.
OutputRows biased_rows(const LoweringContext& context, NodeId root, const View& x,
                       const LinearConstants& constants) {
  return constants.output_bias ? context.output_rows({root, 0}, x.dims[kTokens]) : OutputRows{};
}

// Rows of x as the values that their codes stand for, before smoothing is undone.
View rounded_rows(LoweringContext& context, NodeId root, const View& x) {
  PlanBuilder& builder = context.builder;
  const View out = builder.fresh(rows_shape(x));
  if (x.dtype != DType::kU8) {
    builder.add_step(step::Quantize{{builder.columns_last(x)}}, out,
                     {.coding = coding_of(context, root, x)});
    return out;
  }
  const std::int64_t columns = x.dims.elements() / (out.dims.elements() / out.dims[-1]);
  const int last = out.dims.rank() - 1;
  const View values = sliced(out, last, 0, columns);
  const View filling = sliced(out, last, columns, out.dims[-1]);
  builder.write(x, is_im2col(x) ? *reshaped(values, x.dims) : values);
  if (filling.dims[-1] == 0) return out;
  builder.write(builder.constant(Tensor({1, 1, 1, 1}, DType::kF32)), filling);
  return out;
}

}  // namespace

void require_one_digit(const LoweringContext& context, Site site) {
  const int bits = context.params(site.node, site.operand).most_bits();
  if (bits <= kDigitBits) return;
  throw UnsupportedError(cat("layer '", context.graph[site.node].name, "', operand ", site.operand,
                             ": integers only take codes of at most ", kDigitBits, " bits, not ",
                             bits));
}

void require_integers(const LoweringContext& context, Site site) {
  require_one_digit(context, site);
  const QParams& params = context.params(site.node, site.operand);
  constexpr int kLeastBits = 3;
  const bool per_row = params.range != Range::kStatic && params.clip.empty();
  const int bits = std::min(params.bits, params.bits_of(true));
  if (per_row && bits >= kLeastBits) return;
  throw UnsupportedError(cat("layer '", context.graph[site.node].name,
                             "': integers only take ranges per token, as wide as their values, of ",
                             "at least ", kLeastBits, " bits"));
}

void require_no_overflow(const LoweringContext& context, NodeId id, std::int64_t k) {
  constexpr std::int64_t kMaxColumns = (std::int64_t{1} << 31) / (255 * 127);
  const std::int64_t most = context.integer_only() ? kMaxColumns >> kZeroFraction : kMaxColumns;
  if (k <= most) return;
  throw UnsupportedError(cat("layer '", context.graph[id].name, "': ", k,
                             " inputs could overflow 32 bits; at most ", most,
                             " can be quantized"));
}

void add_integer_linear(LoweringContext& context, Product product) {
  auto& [root, x, out, epilogue] = product;
  const Node& node = context.graph[root];
  if (is_im2col(x) && !std::holds_alternative<op::Conv2d>(node.op)) {
    throw UnsupportedError(
        cat("layer '", node.name, "': values of six axes cannot be quantized; merge some"));
  }
  if (context.integer_only()) require_one_digit(context, {root, 1});
  const LinearConstants constants = constants_of(context, root, x);
  require_no_overflow(context, root, constants.codes.shape()[1]);
  PlanBuilder& builder = context.builder;
  step::IntegerLinear linear;
  set_input(linear, context, root, x);
  linear.weight = builder.constant(constants.codes);
  linear.weight_base = constants.digit_base;
  linear.weight_scale = builder.constant(constants.weight_scale);
  linear.lo_term = builder.constant(constants.lo_term);
  linear.bias = builder.constant(constants.bias);
  linear.output_rows = biased_rows(context, root, x, constants);
  if (linear.output_rows.tokens > 0) linear.output_bias = builder.constant(*constants.output_bias);
  builder.add_step(std::move(linear), out, std::move(epilogue));
}

void add_simulated_linear(LoweringContext& context, const Product& product) {
  const NodeId root = product.root;
  const View& x = product.x;
  const View& out = product.out;
  const Epilogue& epilogue = product.epilogue;
  const LinearConstants constants = constants_of(context, root, x);
  PlanBuilder& builder = context.builder;
  const View rounded = rounded_rows(context, root, x);
  const View matrix = builder.constant(context.once<Tensor>(
      context.graph[root].name, "values", [&] { return weight_values(constants); }));
  const OutputRows output = biased_rows(context, root, x, constants);
  if (output.tokens == 0) {
    const View bias = builder.constant(constants.bias);
    builder.add_step(step::Linear{rounded, matrix, bias}, out, epilogue);
    return;
  }
  const auto part = [&](std::int64_t begin, std::int64_t end, const Tensor& bias) {
    if (begin == end) return;
    const auto rows = [&](const View& view) { return sliced(view, kTokens, begin, end); };
    Epilogue of_rows = epilogue;
    if (epilogue.residual) of_rows.residual = rows(*epilogue.residual);
    builder.add_step(step::Linear{rows(rounded), matrix, builder.constant(bias)}, rows(out),
                     std::move(of_rows));
  };
  part(0, output.begin, constants.bias);
  part(output.begin, output.end, *constants.output_bias);
  part(output.end, output.tokens, constants.bias);
}

}  // namespace vitq
