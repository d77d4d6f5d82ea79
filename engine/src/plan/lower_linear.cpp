// SPDX-License-Identifier: Apache-2.0
// Linear layers, and products of two activations, in float.
#include "plan/lowering.h"
#include "plan/views.h"

namespace vitq {
namespace {

void add_float_linear(LoweringContext& context, Product product) {
  require_floats(context, product.root);
  auto& [root, x, out, epilogue] = product;
  // Rows of the operands must be matrices that advance together.
  std::vector<View> rows = {x, out};
  if (epilogue.residual) rows.push_back(*epilogue.residual);
  if (!as_matrices(rows)) {
    x = context.builder.copy(x);
    if (epilogue.residual) epilogue.residual = context.builder.copy(*epilogue.residual);
  }
  const View weight = context.operand(root, 1);
  const std::int64_t n = weight.dims[0];
  const View matrix = *reshaped(weight, {n, weight.dims.elements() / n});
  context.builder.add_step(step::Linear{x, matrix, context.optional_operand(root, 2)}, out,
                           std::move(epilogue));
}

// A Param or Constant.
Tensor values_of(const LoweringContext& context, NodeId id) {
  const Node& node = context.graph[id];
  if (const auto* constant = std::get_if<op::Constant>(&node.op)) return constant->value.to_f32();
  return context.weights.at(node.name).to_f32();
}

// What a layer makes of constants. Quantized networks keep such layers in float. Sums in double
// and in one order are the same on every CPU, which those of a step would not be.
Tensor constant_layer(const LoweringContext& context, NodeId id) {
  const Node& node = context.graph[id];
  const Tensor x = values_of(context, node.inputs[0]);
  const Tensor weight = values_of(context, node.inputs[1]);
  Tensor out(node.shape, DType::kF32);
  const auto n = static_cast<std::size_t>(node.shape[-1]);
  const std::size_t k = weight.as<float>().size() / n;
  const auto bias = node.inputs.size() > 2 ? values_of(context, node.inputs[2])
                                           : Tensor({node.shape[-1]}, DType::kF32);
  const std::span<float> y = out.as<float>();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const float* row = &x.as<float>()[i / n * k];
    const float* column = &weight.as<float>()[i % n * k];
    double sum = static_cast<double>(bias.as<float>()[i % n]);
    for (std::size_t c = 0; c < k; ++c) {
      sum += static_cast<double>(row[c]) * static_cast<double>(column[c]);
    }
    y[i] = static_cast<float>(sum);
  }
  return out;
}

}  // namespace

Epilogue fused_epilogue(LoweringContext& context, NodeId id) {
  const Fusion& fusion = *context.fusions.at[at(id)];
  Epilogue epilogue = {.act = fusion.act, .act_pieces = context.act_pieces(fusion.act)};
  if (fusion.residual) epilogue.residual = context.places[at(*fusion.residual)];
  return epilogue;
}

void add_product(LoweringContext& context, Product product) {
  // Kernels add whole rows. An image that comes from outside lies plane by plane.
  std::optional<View>& residual = product.epilogue.residual;
  if (residual) residual = context.builder.columns_last(*residual);
  if (!context.quantized(product.root)) {
    add_float_linear(context, std::move(product));
  } else if (context.options.numerics == Numerics::kSimulated) {
    add_simulated_linear(context, product);
  } else {
    add_integer_linear(context, std::move(product));
  }
}

View lower_op(LoweringContext& context, NodeId id, const op::Linear&) {
  const NodeId root = context.fusions.at[at(id)]->root;
  const Node& input = context.graph[context.graph[root].inputs[0]];
  if (is_constant(input) && !context.quantized(root)) {
    const auto make = [&] { return constant_layer(context, root); };
    const bool weight = std::holds_alternative<op::Param>(input.op);
    if (weight) return context.constant_values(context.graph[root].name, "of weights", make);
    return context.builder.constant(context.as_values(make()));
  }
  const View out = context.builder.fresh(context.graph[root].shape);
  add_product(context, {root, context.operand(root, 0), out, fused_epilogue(context, id)});
  return out;
}

View lower_op(LoweringContext& context, NodeId id, const op::MatMul& matmul) {
  require_floats(context, id);
  const View a = context.builder.columns_last(context.operand(id, 0));
  const View b = context.builder.columns_last(context.operand(id, 1));
  const View out = matmul_result(context, id);
  context.builder.add_step(step::MatMul{matmul, a, b}, out);
  return out;
}

// Memory for a product that is only permuted afterwards has the permuted order.
View matmul_result(LoweringContext& context, NodeId id) {
  const Shape& shape = context.graph[id].shape;
  const std::vector<NodeId>& readers = context.readers[at(id)];
  if (readers.size() == 1) {
    const auto* permute = std::get_if<op::Permute>(&context.graph[readers[0]].op);
    if (permute != nullptr && permute->order.back() == shape.rank() - 1) {
      return context.builder.fresh(shape, permute->order);
    }
  }
  return context.builder.fresh(shape);
}

}  // namespace vitq
