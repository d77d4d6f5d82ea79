// SPDX-License-Identifier: Apache-2.0
// Convolutions whose patches overlap, and pooling, by oneDNN. Threads share the rows of the result.
#include <algorithm>

#include "kernels/onednn/onednn.h"
#include "plan/views.h"

namespace vitq {
namespace {

// How a kernel moves down an image.
struct Descent {
  int extent = 1;  // of the kernel, its dilation included
  int stride = 1, pad = 0;
};

// What one thread makes of the first image: rows of `out`. They see these rows of `x`, and so much
// padding before and after.
struct RowsShare {
  View x, out;
  std::optional<View> residual;
  dnnl::memory::dims before, after;
};

// These rows of the first image. Its distance from the next, which oneDNN does not see, is written
// as that of a dense tensor, which kernels ask for.
View rows_of_one_image(const View& images, const IndexRange& rows) {
  View image = sliced(sliced(images, 0, 0, 1), 2, rows.begin, rows.end);
  image.strides[0] = image.dims.elements();
  return image;
}

RowsShare rows_share(const Step& step, const View& x, const IndexRange& seen,
                     const IndexRange& made) {
  RowsShare share = {.x = rows_of_one_image(x, seen),
                     .out = rows_of_one_image(step.out, made),
                     .residual = {},
                     .before = {},
                     .after = {}};
  if (step.epilogue.residual) share.residual = rows_of_one_image(*step.epilogue.residual, made);
  return share;
}

// Rows that see padding alone cannot be told to oneDNN, which wants an image: then one thread makes
// all.
std::vector<RowsShare> shared_rows(const Step& step, const View& x, const Descent& descent,
                                   int threads) {
  const std::int64_t height = x.dims[2];
  const std::int64_t pad = descent.pad;
  std::vector<RowsShare> shares;
  for (const IndexRange& made : shared_out(step.out.dims[2], threads)) {
    const std::int64_t first = made.begin * descent.stride - pad;
    const std::int64_t end = (made.end - 1) * descent.stride - pad + descent.extent;
    const IndexRange seen = {std::max<std::int64_t>(first, 0), std::min(end, height)};
    if (seen.begin >= seen.end) break;
    shares.push_back(rows_share(step, x, seen, made));
    shares.back().before = {std::max<std::int64_t>(-first, 0), pad};
    shares.back().after = {std::max<std::int64_t>(end - height, 0), pad};
  }
  const auto wanted = std::min<std::int64_t>(step.out.dims[2], threads);
  if (wanted > 1 && static_cast<std::int64_t>(shares.size()) == wanted) return shares;
  shares = {rows_share(step, x, {0, height}, {0, step.out.dims[2]})};
  shares[0].before = shares[0].after = {pad, pad};
  return shares;
}

// Release 2.6 adds the residual wrongly in those convolutions that are products of matrices. CPUs
// without AVX2 get them for channels that are no multiple of 8.
bool loses_residual(const std::string& implementation) {
  return implementation.find("gemm") != std::string::npos;
}

OneDnnShare::Argument image_argument(int index, const View& images, const View& rows) {
  return {index, rows, onednn_desc(rows), images.strides[0]};
}

}  // namespace

std::unique_ptr<Kernel> make_onednn_conv(const Step& step, const KernelContext& context) {
  const auto* op = std::get_if<step::Conv2d>(&step.op);
  if (op == nullptr || !context.is_constant(op->weight)) return {};
  const auto& [stride, pad, dilation] = op->conv;
  const auto extent = static_cast<int>(op->weight.dims[2] - 1) * dilation + 1;
  std::vector<OneDnnShare> shares;
  std::string name;
  dnnl::memory::desc weights = onednn_any(op->weight);
  for (const RowsShare& rows : shared_rows(step, op->x, {extent, stride, pad}, context.threads)) {
    OneDnnShare share;
    share.bound = {image_argument(DNNL_ARG_SRC, op->x, rows.x),
                   image_argument(DNNL_ARG_DST, step.out, rows.out)};
    ConvProblem problem = {share.bound[0].desc, weights,   {},
                           share.bound[1].desc, stride,    dilation,
                           rows.before,         rows.after};
    if (op->bias) {
      problem.bias = onednn_desc(*op->bias);
      share.bound.push_back({DNNL_ARG_BIAS, *op->bias, problem.bias});
    }
    dnnl::memory::desc residual;
    if (rows.residual) {
      share.bound.push_back(image_argument(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                                           *step.epilogue.residual, *rows.residual));
      residual = share.bound.back().desc;
    }
    dnnl::primitive_attr attr = user_scratchpad();
    attr.set_post_ops(post_ops_of(step.epilogue, residual));
    const auto described = describe(*context.onednn, problem, attr);
    name = described.impl_info_str();
    if (rows.residual && loses_residual(name)) return {};
    weights = described.weights_desc();
    share.primitive = dnnl::convolution_forward(described);
    share.scratchpad = described.scratchpad_desc();
    share.held.emplace_back(DNNL_ARG_WEIGHTS, reordered(context, context.constant(op->weight),
                                                        onednn_desc(op->weight), weights));
    shares.push_back(std::move(share));
  }
  return std::make_unique<OneDnnKernel>(context.onednn, std::move(shares), name, op->x.dims[0]);
}

std::unique_ptr<Kernel> make_onednn_pool(const Step& step, const KernelContext& context) {
  const auto* op = std::get_if<step::MaxPool>(&step.op);
  if (op == nullptr) return {};
  const auto& [kernel, stride, pad] = op->pool;
  std::vector<OneDnnShare> shares;
  std::string name;
  for (const RowsShare& rows : shared_rows(step, op->x, {kernel, stride, pad}, context.threads)) {
    OneDnnShare share;
    share.bound = {image_argument(DNNL_ARG_SRC, op->x, rows.x),
                   image_argument(DNNL_ARG_DST, step.out, rows.out)};
    const PoolProblem problem = {share.bound[0].desc, share.bound[1].desc, kernel, stride,
                                 rows.before,         rows.after};
    const auto described = describe(*context.onednn, problem);
    name = described.impl_info_str();
    share.primitive = dnnl::pooling_forward(described);
    share.scratchpad = described.scratchpad_desc();
    shares.push_back(std::move(share));
  }
  return std::make_unique<OneDnnKernel>(context.onednn, std::move(shares), name, op->x.dims[0]);
}

}  // namespace vitq
