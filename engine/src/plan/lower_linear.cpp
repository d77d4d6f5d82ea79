// SPDX-License-Identifier: Apache-2.0
// Linear layers, and products of two activations, in float.
#include "plan/lowering.h"
#include "plan/views.h"

namespace vitq {
namespace {

void add_float_linear(LoweringContext& context, Product product) {
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

}  // namespace

Epilogue fused_epilogue(const LoweringContext& context, NodeId id) {
  const Fusion& fusion = *context.fusions.at[at(id)];
  Epilogue epilogue = {.act = fusion.act};
  if (fusion.residual) epilogue.residual = context.places[at(*fusion.residual)];
  return epilogue;
}

void add_product(LoweringContext& context, Product product) {
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
  const View out = context.builder.fresh(context.graph[root].shape);
  add_product(context, {root, context.operand(root, 0), out, fused_epilogue(context, id)});
  return out;
}

View lower_op(LoweringContext& context, NodeId id, const op::MatMul& matmul) {
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
