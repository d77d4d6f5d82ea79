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
void require_no_overflow(const Node& node, std::int64_t k) {
  constexpr std::int64_t kMaxColumns = (std::int64_t{1} << 31) / (255 * 127);
  if (k > kMaxColumns) {
    throw UnsupportedError(cat("layer '", node.name, "': ", k,
                               " inputs could overflow 32 bits; at ", "most ", kMaxColumns,
                               " can be quantized"));
  }
}

bool Lowering::quantized(NodeId id) const {
  return scheme_.find({id, 0}) != nullptr;
}

RowCoding Lowering::coding_of(const QParams& params, const View& x) {
  RowCoding coding = {.bits = params.bits, .range = params.range};
  if (params.range == Range::kStatic) {
    coding.scale = params.scale[0];
    coding.lo = params.lo[0];
  } else {
    coding.rows = fresh(rows_shape(x).with(-1, 2));
  }
  if (params.channel_offset.empty() && params.smoothing_scale.empty()) return coding;
  std::vector<float> channel_offset = per_column(params.channel_offset, x);
  std::vector<float> inverse = per_column(params.smoothing_scale, x);
  for (float& value : inverse) value = 1.0F / value;
  const std::size_t columns = std::max(channel_offset.size(), inverse.size());
  channel_offset.resize(columns, 0.0F);
  inverse.resize(columns, 1.0F);
  coding.channel_offset = constant_view(channel_offset);
  coding.inverse_smoothing = constant_view(inverse);
  return coding;
}

step::Im2col Lowering::im2col(const View& x, const RowCoding& coding) {
  if (!coding.rows) return {x, std::nullopt};
  const Buffer& buffer = plan_.buffers[static_cast<std::size_t>(x.buffer)];
  const std::int64_t elements = buffer.bytes / static_cast<std::int64_t>(sizeof(float));
  return {x, fresh({elements / x.dims[-1], 2})};
}

Lowering::Coded Lowering::coded(NodeId root, const View& x) {
  const NodeId source = graph_[root].inputs[0];
  for (const Coded& before : coded_) {
    if (before.operand == source && before.params == params(root, 0) &&
        same_elements(before.source, x)) {
      return before;
    }
  }
  Coded result = {source, x, params(root, 0), fresh(rows_shape(x), DType::kU8),
                  coding_of(params(root, 0), x)};
  if (is_im2col(x)) return result;  // the layer itself codes them
  add_step(root, step::Quantize{}, {columns_last(root, x)}, result.codes,
           {.coding = result.coding});
  coded_.push_back(result);
  return result;
}

// Whether the bytes of the image that the network is given are the layer's codes.
bool Lowering::holds_pixels(NodeId root) const {
  const QParams& act = params(root, 0);
  return std::holds_alternative<op::Input>(graph_[graph_[root].inputs[0]].op) &&
         act.range == Range::kStatic && act.bits == 8 && act.scale[0] == 1.0F &&
         act.lo[0] == 0.0F && !act.smoothing_scale.empty() && !act.channel_offset.empty();
}

View Lowering::pixels(NodeId root, const View& x) {
  const QParams& act = params(root, 0);
  const View codes = fresh(x.dims, DType::kU8);
  add_step(root, step::Pixels{act.channel_offset, act.smoothing_scale}, {x}, codes);
  return codes;
}

View Lowering::pixels_of_zero(NodeId root) {
  const QParams& act = params(root, 0);
  const auto channels = static_cast<std::int64_t>(act.channel_offset.size());
  const View zero = constant_view(Tensor({1, channels, 1, 1}, DType::kF32));
  return pixels(root, zero);
}

void Lowering::integer_linear(NodeId root, const View& x, const View& out, Epilogue epilogue) {
  if (options_.numerics == Numerics::kSimulated) {
    simulated_linear(root, x, out, epilogue);
    return;
  }
  const QParams& act = params(root, 0);
  const QParams& weight = params(root, 1);
  const Node& node = graph_[root];
  if (is_im2col(x) && !std::holds_alternative<op::Conv2d>(node.op)) {
    throw UnsupportedError(
        cat("layer '", node.name, "': values of six axes cannot be quantized; merge some"));
  }
  LinearConstants constants =
      linear_constants(node, weights_, {x, act, weight, graph_[node.inputs[1]].name});
  require_no_overflow(node, constants.codes.shape()[1]);
  step::IntegerLinear op = {.act_bits = act.bits, .coding = {}};
  std::vector<View> in;
  if (x.dtype == DType::kU8) {  // pixels
    in = {is_im2col(x) ? fresh(rows_shape(x), DType::kU8) : x};
    op.coding = {.bits = 8, .range = Range::kStatic};
  } else {
    Coded rows = coded(root, x);
    in = {rows.codes};
    op.coding = rows.coding;
  }
  if (is_im2col(x)) op.im2col = im2col(x, op.coding);
  in.push_back(constant_view(constants.codes));
  for (const auto* values : {&constants.u, &constants.r, &constants.b}) {
    in.push_back(constant_view(*values));
  }
  const auto output_tokens = output_tokens_.find(root);
  if (!constants.output_bias.empty() && output_tokens != output_tokens_.end()) {
    in.push_back(constant_view(constants.output_bias));
    op.row_period = x.dims[kTokens];
    op.output_begin = output_tokens->second.begin;
    op.output_end = output_tokens->second.end;
  }
  const View sums = fresh({in[0].dims.elements() / in[0].dims[-1], out.dims[-1]}, DType::kS32);
  add_step(root, std::move(op), std::move(in), out, std::move(epilogue)).scratch = sums;
}

void Lowering::simulated_linear(NodeId root, const View& x, const View& out, Epilogue epilogue) {
  const QParams& act = params(root, 0);
  const QParams& weight = params(root, 1);
  const Node& node = graph_[root];
  const LinearConstants constants =
      linear_constants(node, weights_, {x, act, weight, graph_[node.inputs[1]].name});
  View rounded = fresh(rows_shape(
      x));  // what the codes stand for, before channel_offset and smoothing_scale are undone
  if (x.dtype == DType::kU8) {
    add_step(root, step::Copy{}, {x}, rounded);
  } else {
    add_step(root, step::Quantize{}, {columns_last(root, x)}, rounded,
             {.coding = coding_of(act, x)});
  }
  const View matrix = constant_view(weight_values(constants));
  const auto part = [&](std::int64_t begin, std::int64_t end, const std::vector<float>& bias) {
    if (begin == end) return;
    const bool all = end - begin == x.dims[kTokens];
    const auto rows = [&](const View& view) {
      return all ? view : sliced(view, kTokens, begin, end);
    };
    Epilogue sliced_epilogue = epilogue;
    if (epilogue.residual) sliced_epilogue.residual = rows(*epilogue.residual);
    add_step(root, op::Linear{}, {rows(rounded), matrix, constant_view(bias)}, rows(out),
             std::move(sliced_epilogue));
  };
  const auto output_tokens = output_tokens_.find(root);
  const std::int64_t tokens = x.dims[kTokens];
  if (constants.output_bias.empty() || output_tokens == output_tokens_.end()) {
    part(0, tokens, constants.b);
    return;
  }
  part(0, output_tokens->second.begin, constants.b);
  part(output_tokens->second.begin, output_tokens->second.end, constants.output_bias);
  part(output_tokens->second.end, tokens, constants.b);
}

}  // namespace vitq
