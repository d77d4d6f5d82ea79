// SPDX-License-Identifier: Apache-2.0
// Convolutions whose patches overlap, and pooling, by oneDNN.
#include "kernels/onednn/onednn.h"

namespace vitq {

std::unique_ptr<Kernel> make_onednn_conv(const Step& step, const KernelContext& context) {
  const auto* conv = std::get_if<op::Conv2d>(&step.op);
  if (conv == nullptr || !context.is_constant(step.in[1])) return {};
  ConvProblem problem = {.src = onednn_desc(step.in[0]),
                         .weights = onednn_any(step.in[1]),
                         .bias = {},
                         .dst = onednn_desc(step.out),
                         .stride = conv->stride,
                         .pad = conv->pad,
                         .dilation = conv->dilation};
  if (step.in.size() > 2) problem.bias = onednn_desc(step.in[2]);
  dnnl::memory::desc residual;
  if (step.epilogue.residual) residual = onednn_desc(*step.epilogue.residual);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attr.set_post_ops(post_ops_of(step.epilogue, residual));

  const OneDnn& onednn = *context.onednn;
  const auto described = describe(onednn, problem, attr);
  auto kernel =
      std::make_unique<OneDnnKernel>(context.onednn, dnnl::convolution_forward(described),
                                     described.scratchpad_desc(), described.impl_info_str());
  kernel->bind(DNNL_ARG_SRC, step.in[0], problem.src);
  kernel->hold(DNNL_ARG_WEIGHTS, reordered(onednn, context.constant(step.in[1]),
                                           onednn_desc(step.in[1]), described.weights_desc()));
  if (step.in.size() > 2) kernel->bind(DNNL_ARG_BIAS, step.in[2], problem.bias);
  if (step.epilogue.residual) {
    kernel->bind(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, *step.epilogue.residual,
                 residual);
  }
  kernel->bind(DNNL_ARG_DST, step.out, problem.dst);
  return kernel;
}

std::unique_ptr<Kernel> make_onednn_pool(const Step& step, const KernelContext& context) {
  const auto* pool = std::get_if<op::MaxPool>(&step.op);
  if (pool == nullptr) return {};
  const PoolProblem problem = {.src = onednn_desc(step.in[0]),
                               .dst = onednn_desc(step.out),
                               .kernel = pool->kernel,
                               .stride = pool->stride,
                               .pad = pool->pad};
  const auto described = describe(*context.onednn, problem);
  auto kernel =
      std::make_unique<OneDnnKernel>(context.onednn, dnnl::pooling_forward(described),
                                     described.scratchpad_desc(), described.impl_info_str());
  kernel->bind(DNNL_ARG_SRC, step.in[0], problem.src);
  kernel->bind(DNNL_ARG_DST, step.out, problem.dst);
  return kernel;
}

}  // namespace vitq
