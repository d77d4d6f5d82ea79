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

// The rows of the image that rows of the result are made of, and what is missing of them.
struct ImageRows {
  IndexRange rows;
  std::int64_t missing_before = 0, missing_after = 0;
};

ImageRows image_rows_of(const IndexRange& out, std::int64_t height, const Descent& descent) {
  const std::int64_t first = out.begin * descent.stride - descent.pad;
  const std::int64_t end = (out.end - 1) * descent.stride - descent.pad + descent.extent;
  return {.rows = {std::max<std::int64_t>(first, 0), std::min(end, height)},
          .missing_before = std::max<std::int64_t>(-first, 0),
          .missing_after = std::max<std::int64_t>(end - height, 0)};
}

// What each thread makes, and of what. Rows that see padding alone cannot be told to oneDNN, which
// wants an image: then one thread makes all.
std::vector<std::pair<IndexRange, ImageRows>> shared_rows(const View& x, const View& out,
                                                          const Descent& descent, int threads) {
  std::vector<std::pair<IndexRange, ImageRows>> shares;
  for (const IndexRange& range : shared_out(out.dims[2], threads)) {
    shares.emplace_back(range, image_rows_of(range, x.dims[2], descent));
  }
  const bool each_sees_image = std::all_of(shares.begin(), shares.end(), [](const auto& share) {
    return share.second.rows.begin < share.second.rows.end;
  });
  if (shares.size() > 1 && each_sees_image) return shares;
  return {{{0, out.dims[2]}, {{0, x.dims[2]}, descent.pad, descent.pad}}};
}

// These rows of the first image. Its distance from the next, which oneDNN does not see, is written
// as that of a dense tensor, which kernels ask for.
View rows_of_one_image(const View& images, const IndexRange& rows) {
  View image = sliced(sliced(images, 0, 0, 1), 2, rows.begin, rows.end);
  image.strides[0] = image.dims.elements();
  return image;
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
  for (const auto& [out_rows, in] :
       shared_rows(op->x, step.out, {extent, stride, pad}, context.threads)) {
    const View x = rows_of_one_image(op->x, in.rows);
    const View out = rows_of_one_image(step.out, out_rows);
    ConvProblem problem = {.src = onednn_desc(x),
                           .weights = weights,
                           .bias = {},
                           .dst = onednn_desc(out),
                           .stride = stride,
                           .dilation = dilation,
                           .before = {in.missing_before, pad},
                           .after = {in.missing_after, pad}};
    OneDnnShare share;
    if (op->bias) problem.bias = onednn_desc(*op->bias);
    dnnl::memory::desc residual_desc;
    if (step.epilogue.residual) {
      const View residual = rows_of_one_image(*step.epilogue.residual, out_rows);
      residual_desc = onednn_desc(residual);
      share.bound.push_back(image_argument(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                                           *step.epilogue.residual, residual));
    }
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    attr.set_post_ops(post_ops_of(step.epilogue, residual_desc));
    const auto described = describe(*context.onednn, problem, attr);
    name = described.impl_info_str();
    weights = described.weights_desc();
    share.primitive = dnnl::convolution_forward(described);
    share.scratchpad = described.scratchpad_desc();
    share.bound.push_back(image_argument(DNNL_ARG_SRC, op->x, x));
    share.bound.push_back(image_argument(DNNL_ARG_DST, step.out, out));
    if (op->bias) share.bound.push_back({DNNL_ARG_BIAS, *op->bias, problem.bias});
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
  for (const auto& [out_rows, in] :
       shared_rows(op->x, step.out, {kernel, stride, pad}, context.threads)) {
    const View x = rows_of_one_image(op->x, in.rows);
    const View out = rows_of_one_image(step.out, out_rows);
    const auto described = describe(*context.onednn, PoolProblem{.src = onednn_desc(x),
                                                                 .dst = onednn_desc(out),
                                                                 .kernel = kernel,
                                                                 .stride = stride,
                                                                 .before = {in.missing_before, pad},
                                                                 .after = {in.missing_after, pad}});
    name = described.impl_info_str();
    shares.push_back({.primitive = dnnl::pooling_forward(described),
                      .scratchpad = described.scratchpad_desc(),
                      .bound = {image_argument(DNNL_ARG_SRC, op->x, x),
                                image_argument(DNNL_ARG_DST, step.out, out)},
                      .held = {}});
  }
  return std::make_unique<OneDnnKernel>(context.onednn, std::move(shares), name, op->x.dims[0]);
}

}  // namespace vitq
