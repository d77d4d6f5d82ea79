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

// The longest axis but the last. Threads share it.
int shared_axis(const View& out) {
  int axis = 0;
  for (int i = 1; i + 1 < out.dims.rank(); ++i) {
    if (out.dims[i] > out.dims[axis]) axis = i;
  }
  return axis;
}

// The part of an operand that belongs to a share; what is broadcast belongs to all.
View part_of(const View& view, int axis, const IndexRange& range) {
  return view.dims[axis] == 1 ? view : sliced(view, axis, range.begin, range.end);
}

OneDnnShare::Argument argument_of(int index, const View& view) {
  return {index, view, onednn_desc(view)};
}

// A linear layer on matrices.
struct MatrixLinear {
  View x, weight, out;
  std::optional<View> bias, residual;

  MatrixLinear share(int axis, const IndexRange& range) const {
    MatrixLinear part = *this;
    part.x = part_of(x, axis, range);
    part.out = part_of(out, axis, range);
    if (residual) part.residual = part_of(*residual, axis, range);
    return part;
  }
};

std::optional<MatrixLinear> matrix_linear(const Step& step) {
  const auto& op = std::get<step::Linear>(step.op);
  std::vector<View> rows = {op.x, step.out};
  if (step.epilogue.residual) rows.push_back(*step.epilogue.residual);
  const auto matrices = as_matrices(rows);
  if (!matrices) return {};
  const View x = matrix_view(op.x, (*matrices)[0]);
  const int rank = x.dims.rank();
  MatrixLinear linear = {
      x, transposed_weight(op.weight, rank), matrix_view(step.out, (*matrices)[1]), {}, {}};
  if (op.bias) linear.bias = row_of(*op.bias, rank);
  if (step.epilogue.residual) {
    linear.residual = matrix_view(*step.epilogue.residual, (*matrices)[2]);
  }
  return linear;
}

// oneDNN's plain gemm packs the weights at every call, but for a single row. Where few rows share
// that work, the product whose weights are packed once is faster: with AVX2 0.85 of the time at 50
// rows, and 1.05 at 197. The rows are those of the layer, whichever thread has them, so that
// threads do not change the sums.
bool packs_for_few_rows(const std::string& name, const View& out) {
  constexpr std::int64_t kFewRows = 64;
  const std::int64_t rows = out.dims.elements() / out.dims[-1];
  return name.starts_with("gemm") && rows > 1 && rows < kFewRows;
}

}  // namespace

std::unique_ptr<Kernel> make_onednn_linear(const Step& step, const KernelContext& context) {
  const auto* op = std::get_if<step::Linear>(&step.op);
  if (op == nullptr || !context.is_constant(op->weight)) return {};
  const std::optional<MatrixLinear> whole = matrix_linear(step);
  if (!whole) return {};
  const int axis = shared_axis(whole->out);
  std::vector<OneDnnShare> shares;
  std::string name;
  dnnl::memory::desc weights = onednn_any(whole->weight);
  for (const IndexRange& range : shared_out(whole->out.dims[axis], context.threads)) {
    const MatrixLinear linear = whole->share(axis, range);
    OneDnnShare share;
    MatmulProblem problem = {onednn_desc(linear.x), weights, {}, onednn_desc(linear.out)};
    if (linear.bias) {
      share.bound.push_back(argument_of(DNNL_ARG_BIAS, *linear.bias));
      problem.bias = share.bound.back().desc;
    }
    dnnl::memory::desc residual;
    if (linear.residual) {
      share.bound.push_back(
          argument_of(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, *linear.residual));
      residual = share.bound.back().desc;
    }
    dnnl::primitive_attr attr = user_scratchpad();
    attr.set_post_ops(post_ops_of(step.epilogue, residual));
    const auto described = describe(*context.onednn, problem, attr);
    name = described.impl_info_str();
    if (packs_for_few_rows(name, whole->out)) return {};
    weights = described.weights_desc();
    share.primitive = dnnl::matmul(described);
    share.scratchpad = described.scratchpad_desc();
    share.bound.push_back(argument_of(DNNL_ARG_SRC, linear.x));
    share.bound.push_back(argument_of(DNNL_ARG_DST, linear.out));
    share.held.emplace_back(DNNL_ARG_WEIGHTS, reordered(context, context.constant(op->weight),
                                                        onednn_desc(linear.weight), weights));
    shares.push_back(std::move(share));
  }
  return std::make_unique<OneDnnKernel>(context.onednn, std::move(shares), name);
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
  const int axis = shared_axis(step.out);
  const bool by_rows = axis == step.out.dims.rank() - 2;
  std::vector<OneDnnShare> shares;
  std::string name;
  for (const IndexRange& range : shared_out(step.out.dims[axis], context.threads)) {
    std::vector<OneDnnShare::Argument> bound = {
        argument_of(DNNL_ARG_SRC, part_of(op->a, axis, range)),
        argument_of(DNNL_ARG_WEIGHTS, by_rows ? b : part_of(b, axis, range)),
        argument_of(DNNL_ARG_DST, part_of(step.out, axis, range))};
    dnnl::primitive_attr attr = user_scratchpad();
    if (op->matmul.scale != 1.0F) set_result_scale(attr, op->matmul.scale);
    const MatmulProblem problem = {bound[0].desc, bound[1].desc, {}, bound[2].desc};
    const auto described = describe(*context.onednn, problem, attr);
    name = described.impl_info_str();
    shares.push_back({.primitive = dnnl::matmul(described),
                      .scratchpad = described.scratchpad_desc(),
                      .bound = std::move(bound),
                      .held = {}});
  }
  return std::make_unique<OneDnnKernel>(context.onednn, std::move(shares), name);
}

}  // namespace vitq
