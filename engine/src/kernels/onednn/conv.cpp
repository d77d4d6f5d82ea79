// SPDX-License-Identifier: Apache-2.0
// Convolutions whose patches overlap, and pooling, by oneDNN.
#include "kernels/onednn/onednn.h"

namespace vitq {

std::unique_ptr<Kernel> make_onednn_conv(const Step& step, const KernelContext& context) {
  const auto* op = std::get_if<step::Conv2d>(&step.op);
  if (op == nullptr || !context.is_constant(op->weight)) return {};
  ConvProblem problem = {.src = onednn_desc(op->x),
                         .weights = onednn_any(op->weight),
                         .bias = {},
                         .dst = onednn_desc(step.out),
                         .stride = op->conv.stride,
                         .pad = op->conv.pad,
                         .dilation = op->conv.dilation};
  if (op->bias) problem.bias = onednn_desc(*op->bias);
  dnnl::memory::desc residual;
  if (step.epilogue.residual) residual = onednn_desc(*step.epilogue.residual);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attr.set_post_ops(post_ops_of(step.epilogue, residual));

  const auto described = describe(*context.onednn, problem, attr);
  auto kernel =
      std::make_unique<OneDnnKernel>(context.onednn, dnnl::convolution_forward(described),
                                     described.scratchpad_desc(), described.impl_info_str());
  kernel->bind(DNNL_ARG_SRC, op->x, problem.src);
  kernel->hold(DNNL_ARG_WEIGHTS, reordered(context, context.constant(op->weight),
                                           onednn_desc(op->weight), described.weights_desc()));
  if (op->bias) kernel->bind(DNNL_ARG_BIAS, *op->bias, problem.bias);
  if (step.epilogue.residual) {
    kernel->bind(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, *step.epilogue.residual,
                 residual);
  }
  kernel->bind(DNNL_ARG_DST, step.out, problem.dst);
  return kernel;
}

std::unique_ptr<Kernel> make_onednn_pool(const Step& step, const KernelContext& context) {
  const auto* op = std::get_if<step::MaxPool>(&step.op);
  if (op == nullptr) return {};
  const PoolProblem problem = {.src = onednn_desc(op->x),
                               .dst = onednn_desc(step.out),
                               .kernel = op->pool.kernel,
                               .stride = op->pool.stride,
                               .pad = op->pool.pad};
  const auto described = describe(*context.onednn, problem);
  auto kernel =
      std::make_unique<OneDnnKernel>(context.onednn, dnnl::pooling_forward(described),
                                     described.scratchpad_desc(), described.impl_info_str());
  kernel->bind(DNNL_ARG_SRC, op->x, problem.src);
  kernel->bind(DNNL_ARG_DST, step.out, problem.dst);
  return kernel;
}

}  // namespace vitq
