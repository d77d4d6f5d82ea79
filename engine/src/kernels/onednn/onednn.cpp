// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/onednn.h"

#include <mutex>

namespace vitq {
namespace {

dnnl::memory::dims dims_of(const View& view) {
  return {view.dims.dims().begin(), view.dims.dims().end()};
}

constexpr auto kInference = dnnl::prop_kind::forward_inference;

}  // namespace

dnnl::memory::data_type onednn_type(DType dtype) {
  using Type = dnnl::memory::data_type;
  switch (dtype) {
    case DType::kF32: return Type::f32;
    case DType::kS32: return Type::s32;
    case DType::kS8: return Type::s8;
    case DType::kU8: return Type::u8;
    default: return Type::undef;
  }
}

dnnl::memory::desc onednn_desc(const View& view) {
  const dnnl::memory::dims strides(view.strides.begin(), view.strides.begin() + view.dims.rank());
  return {dims_of(view), onednn_type(view.dtype), strides};
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

dnnl::memory::desc onednn_any(const View& view) {
  return {dims_of(view), onednn_type(view.dtype), dnnl::memory::format_tag::any};
}

#if DNNL_VERSION_MAJOR < 3

dnnl::matmul::primitive_desc describe(const OneDnn& onednn, const MatmulProblem& problem,
                                      const dnnl::primitive_attr& attr) {
  const dnnl::matmul::desc desc(problem.src, problem.weights, problem.bias, problem.dst);
  return {desc, attr, onednn.engine};
}

dnnl::convolution_forward::primitive_desc describe(const OneDnn& onednn, const ConvProblem& problem,
                                                   const dnnl::primitive_attr& attr) {
  const dnnl::memory::dims strides(2, problem.stride);
  const dnnl::memory::dims dilates(2, problem.dilation - 1);
  const dnnl::convolution_forward::desc desc(
      kInference, dnnl::algorithm::convolution_direct, problem.src, problem.weights, problem.bias,
      problem.dst, strides, dilates, problem.before, problem.after);
  return {desc, attr, onednn.engine};
}

dnnl::pooling_forward::primitive_desc describe(const OneDnn& onednn, const PoolProblem& problem) {
  const dnnl::memory::dims strides(2, problem.stride);
  const dnnl::memory::dims kernel(2, problem.kernel);
  const dnnl::pooling_forward::desc desc(kInference, dnnl::algorithm::pooling_max, problem.src,
                                         problem.dst, strides, kernel, problem.before,
                                         problem.after);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return {desc, attr, onednn.engine};
}

void set_result_scale(dnnl::primitive_attr& attr, float factor) {
  attr.set_output_scales(0, {factor});
}

#else

dnnl::matmul::primitive_desc describe(const OneDnn& onednn, const MatmulProblem& problem,
                                      const dnnl::primitive_attr& attr) {
  return {onednn.engine, problem.src, problem.weights, problem.bias, problem.dst, attr};
}

dnnl::convolution_forward::primitive_desc describe(const OneDnn& onednn, const ConvProblem& problem,
                                                   const dnnl::primitive_attr& attr) {
  const dnnl::memory::dims strides(2, problem.stride);
  const dnnl::memory::dims dilates(2, problem.dilation - 1);
  return {onednn.engine,  kInference,      dnnl::algorithm::convolution_direct,
          problem.src,    problem.weights, problem.bias,
          problem.dst,    strides,         dilates,
          problem.before, problem.after,   attr};
}

dnnl::pooling_forward::primitive_desc describe(const OneDnn& onednn, const PoolProblem& problem) {
  const dnnl::memory::dims strides(2, problem.stride);
  const dnnl::memory::dims kernel(2, problem.kernel);
  const dnnl::memory::dims dilates(2, 0);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return {onednn.engine, kInference,  dnnl::algorithm::pooling_max,
          problem.src,   problem.dst, strides,
          kernel,        dilates,     problem.before,
          problem.after, attr};
}

void set_result_scale(dnnl::primitive_attr& attr, float factor) {
  dnnl::post_ops ops;
  ops.append_eltwise(dnnl::algorithm::eltwise_linear, factor, 0.0F);
  attr.set_post_ops(ops);
}

#endif

dnnl::post_ops post_ops_of(const Epilogue& epilogue, const dnnl::memory::desc& residual) {
  dnnl::post_ops ops;
  if (epilogue.residual) ops.append_binary(dnnl::algorithm::binary_add, residual);
  const auto eltwise = [&ops](dnnl::algorithm algorithm, float alpha = 0.0F) {
#if DNNL_VERSION_MAJOR < 3
    ops.append_eltwise(1.0F, algorithm, alpha, 0.0F);
#else
    ops.append_eltwise(algorithm, alpha, 0.0F);
#endif
  };
  switch (epilogue.act) {
    case Act::kNone: break;
    case Act::kGelu: eltwise(dnnl::algorithm::eltwise_gelu_erf); break;
    case Act::kRelu: eltwise(dnnl::algorithm::eltwise_relu); break;
    case Act::kSigmoid: eltwise(dnnl::algorithm::eltwise_logistic); break;
    case Act::kGeluTanh: eltwise(dnnl::algorithm::eltwise_gelu_tanh); break;
    case Act::kQuickGelu: eltwise(dnnl::algorithm::eltwise_swish, 1.702F); break;
    case Act::kSilu: eltwise(dnnl::algorithm::eltwise_swish, 1.0F); break;
    case Act::kTanh: eltwise(dnnl::algorithm::eltwise_tanh); break;
  }
  return ops;
}

dnnl::memory reorder(const OneDnn& onednn, const Tensor& values, const dnnl::memory::desc& from,
                     const dnnl::memory::desc& to) {
  // oneDNN takes a mutable pointer but only reads the source of a reorder.
  dnnl::memory source(from, onednn.engine, const_cast<std::byte*>(values.data()));
  if (from == to) return source;
  dnnl::memory result(to, onednn.engine);
  dnnl::stream stream(onednn.engine);
  dnnl::reorder(source, result).execute(stream, source, result);
  stream.wait();
  return result;
}

namespace {

// One weight in all layouts that primitives asked for; as a rule there is one.
struct Reordered {
  std::shared_ptr<OneDnn> onednn;  // whose engine the memory is of
  std::mutex mutex;
  std::vector<dnnl::memory> layouts;
};

}  // namespace

dnnl::memory reordered(const KernelContext& context, const Tensor& values,
                       const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
  const auto known = context.packed<std::shared_ptr<Reordered>>(values, "onednn", [&context] {
    auto empty = std::make_shared<Reordered>();
    empty->onednn = context.onednn;
    return empty;
  });
  const std::lock_guard<std::mutex> lock(known->mutex);
  for (const dnnl::memory& layout : known->layouts) {
    if (layout.get_desc() == to) return layout;
  }
  known->layouts.push_back(reorder(*context.onednn, values, from, to));
  return known->layouts.back();
}

}  // namespace vitq
