// SPDX-License-Identifier: Apache-2.0
// Linear layers and products of two activations by oneDNN's matmul.
#include "core/text.h"
#include "kernels/onednn/onednn.h"
#include "plan/views.h"
#include "vitq/error.h"

namespace vitq {
namespace {

// `view` as the matrices [batch, rows, columns], or [rows, columns] if there is one batch only.
View matrix_view(const View& view, const StridedMatrix& matrix) {
  View result = view;
  if (matrix.batch == 1) {
    result.dims = {matrix.rows, matrix.columns};
    result.strides = {matrix.row_stride, 1};
  } else {
    result.dims = {matrix.batch, matrix.rows, matrix.columns};
    result.strides = {matrix.batch_stride, matrix.row_stride, 1};
  }
  return result;
}

// [n, k] as the right operand [k, n], repeated for a batch.
View transposed_weight(const View& weight, int rank) {
  View result = weight;
  if (rank == 2) {
    result.dims = {weight.dims[1], weight.dims[0]};
    result.strides = {weight.strides[1], weight.strides[0]};
  } else {
    result.dims = {1, weight.dims[1], weight.dims[0]};
    result.strides = {weight.dims.elements(), weight.strides[1], weight.strides[0]};
  }
  return result;
}

View row_of(const View& bias, int rank) {
  View result = bias;
  const std::int64_t n = bias.dims[0];
  result.dims = rank == 2 ? Shape{1, n} : Shape{1, 1, n};
  for (int axis = 0; axis + 1 < rank; ++axis) result.strides[static_cast<std::size_t>(axis)] = n;
  result.strides[static_cast<std::size_t>(rank - 1)] = 1;
  return result;
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

}  // namespace

std::unique_ptr<Kernel> make_onednn_linear(const Step& step, const KernelContext& context) {
  const auto* op = std::get_if<step::Linear>(&step.op);
  if (op == nullptr || !context.is_constant(op->weight)) return {};
  std::vector<View> rows = {op->x, step.out};
  if (step.epilogue.residual) rows.push_back(*step.epilogue.residual);
  const auto matrices = as_matrices(rows);
  if (!matrices) return {};
  const View x = matrix_view(op->x, (*matrices)[0]);
  const View out = matrix_view(step.out, (*matrices)[1]);
  const int rank = x.dims.rank();
  const View weight = transposed_weight(op->weight, rank);
  MatmulProblem problem = {onednn_desc(x), onednn_any(weight), {}, onednn_desc(out)};
  if (op->bias) problem.bias = onednn_desc(row_of(*op->bias, rank));
  View residual;
  dnnl::memory::desc residual_desc;
  if (step.epilogue.residual) {
    residual = matrix_view(*step.epilogue.residual, (*matrices)[2]);
    residual_desc = onednn_desc(residual);
  }
  dnnl::primitive_attr attr = user_scratchpad();
  attr.set_post_ops(post_ops_of(step.epilogue, residual_desc));

  const auto described = describe(*context.onednn, problem, attr);
  auto kernel =
      std::make_unique<OneDnnKernel>(context.onednn, dnnl::matmul(described),
                                     described.scratchpad_desc(), described.impl_info_str());
  kernel->bind(DNNL_ARG_SRC, x, problem.src);
  kernel->hold(DNNL_ARG_WEIGHTS, reordered(context, context.constant(op->weight),
                                           onednn_desc(weight), described.weights_desc()));
  if (op->bias) kernel->bind(DNNL_ARG_BIAS, *op->bias, problem.bias);
  if (step.epilogue.residual) {
    kernel->bind(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, residual, residual_desc);
  }
  kernel->bind(DNNL_ARG_DST, out, problem.dst);
  return kernel;
}

std::unique_ptr<Kernel> make_onednn_matmul(const Step& step, const KernelContext& context) {
  const auto* op = std::get_if<step::MatMul>(&step.op);
  if (op == nullptr) return {};
  View b = op->b;
  if (op->matmul.transpose_b) {
    std::vector<int> order;
    for (int axis = 0; axis < b.dims.rank(); ++axis) order.push_back(axis);
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    b = permuted(b, order);
  }
  const MatmulProblem problem = {onednn_desc(op->a), onednn_desc(b), {}, onednn_desc(step.out)};
  dnnl::primitive_attr attr = user_scratchpad();
  if (op->matmul.scale != 1.0F) set_result_scale(attr, op->matmul.scale);
  const auto described = describe(*context.onednn, problem, attr);
  auto kernel =
      std::make_unique<OneDnnKernel>(context.onednn, dnnl::matmul(described),
                                     described.scratchpad_desc(), described.impl_info_str());
  kernel->bind(DNNL_ARG_SRC, op->a, problem.src);
  kernel->bind(DNNL_ARG_WEIGHTS, b, problem.weights);
  kernel->bind(DNNL_ARG_DST, step.out, problem.dst);
  return kernel;
}

}  // namespace vitq
