// SPDX-License-Identifier: Apache-2.0
// This is the only place that includes oneDNN, and the only one that knows its version. Version 2.x
// describes an operation first and asks for a primitive then. Version 3.x does both at once.
#pragma once

#include <array>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "kernels/kernel.h"
#include "vitq/plan.h"

namespace vitq {

// Keeps oneDNN to the tier that VITQ_ISA lowers cpu() to. It must come before oneDNN's first use.
// Throws as cpu() does.
void limit_onednn();

class OneDnn {
 public:
  OneDnn() : engine(dnnl::engine::kind::cpu, 0) {}

  dnnl::engine engine;
};

dnnl::memory::data_type onednn_type(DType dtype);
// The dims and strides of `view`.
dnnl::memory::desc onednn_desc(const View& view);
// Dims whose layout oneDNN may choose.
dnnl::memory::desc onednn_any(const View& view);

struct MatmulProblem {
  dnnl::memory::desc src, weights, bias, dst;  // bias may be empty
};
dnnl::matmul::primitive_desc describe(const OneDnn& onednn, const MatmulProblem& problem,
                                      const dnnl::primitive_attr& attr);

struct ConvProblem {
  dnnl::memory::desc src, weights, bias, dst;  // bias may be empty
  int stride = 1, dilation = 1;
  dnnl::memory::dims before, after;  // padding of rows and columns
};
dnnl::convolution_forward::primitive_desc describe(const OneDnn& onednn, const ConvProblem& problem,
                                                   const dnnl::primitive_attr& attr);

struct PoolProblem {
  dnnl::memory::desc src, dst;
  int kernel = 1, stride = 1;
  dnnl::memory::dims before, after;  // padding of rows and columns
};
dnnl::pooling_forward::primitive_desc describe(const OneDnn& onednn, const PoolProblem& problem);

// Attributes of a primitive whose scratchpad is an argument.
dnnl::primitive_attr user_scratchpad();
// Multiplies the result by `factor`.
void set_result_scale(dnnl::primitive_attr& attr, float factor);
// Adds the residual and applies the activation, in this order.
dnnl::post_ops post_ops_of(const Epilogue& epilogue, const dnnl::memory::desc& residual);

// A primitive for the part of a step that one thread computes.
struct OneDnnShare {
  struct Argument {
    int index;
    View view;  // where it lies
    dnnl::memory::desc desc;
    std::int64_t image_stride = 0;  // to the next image's, in elements
  };

  dnnl::primitive primitive;
  dnnl::memory::desc scratchpad;
  std::vector<Argument> bound;                     // in the buffers of a run
  std::vector<std::pair<int, dnnl::memory>> held;  // the same in every run
};

// A step of as many primitives as there are threads. Each runs on one thread: oneDNN's own threads
// would wait for each other at OpenMP's barriers.
class OneDnnKernel : public Kernel {
 public:
  // The shares are those of one image, and are computed for each of `images`.
  OneDnnKernel(std::shared_ptr<OneDnn> onednn, std::vector<OneDnnShare> shares, std::string name,
               std::int64_t images = 1);

  std::int64_t workspace_bytes() const override;
  std::unique_ptr<KernelState> make_state() const override;
  void run(const Run& run) const noexcept override;
  std::string name() const override { return name_; }

 private:
  struct State;
  void run_share(const Run& run, std::size_t index) const;

  std::shared_ptr<OneDnn> onednn_;
  std::vector<OneDnnShare> shares_;
  std::string name_;
  std::int64_t images_;
  std::int64_t slot_bytes_ = 0;  // of the workspace, for each share
};

struct IndexRange {
  std::int64_t begin = 0, end = 0;
};
// [0, count) in the parts that parallel_chunks gives to threads.
std::vector<IndexRange> shared_out(std::int64_t count, int threads);

// `values`, laid out as `from`, in the layout `to`.
dnnl::memory reorder(const OneDnn& onednn, const Tensor& values, const dnnl::memory::desc& from,
                     const dnnl::memory::desc& to);
// The weights `values`, laid out as `from`, in the layout `to` that a primitive asked for. Made
// once.
dnnl::memory reordered(const KernelContext& context, const Tensor& values,
                       const dnnl::memory::desc& from, const dnnl::memory::desc& to);

std::unique_ptr<Kernel> make_onednn_linear(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_onednn_integer_linear(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_onednn_matmul(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_onednn_conv(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_onednn_pool(const Step& step, const KernelContext& context);

}  // namespace vitq
