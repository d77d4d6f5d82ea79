// SPDX-License-Identifier: Apache-2.0
// The product of an integer linear layer by oneDNN's matmul. Without VNNI that adds pairs of
// products in 16 bits: weights that could saturate are split off (kernels/split.h).
#include "kernels/integer_linear.h"

#include <cstring>

#include "core/cpu.h"
#include "core/parallel.h"
#include "kernels/onednn/onednn.h"
#include "kernels/split.h"

namespace vitq {
namespace {

class OneDnnProduct : public IntegerProduct {
 public:
  OneDnnProduct(const IntegerProductShape& shape, const Step& step, const KernelContext& context)
      : shape_(shape), threads_(context.threads), onednn_(context.onednn) {
    using Type = dnnl::memory::data_type;
    using Dims = dnnl::memory::dims;
    const MatmulProblem problem = {{{shape.m, shape.k}, Type::u8, Dims{shape.k, 1}},
                                   {{shape.k, shape.n}, Type::s8, dnnl::memory::format_tag::any},
                                   {},
                                   {{shape.m, shape.n}, Type::s32, Dims{shape.n, 1}}};
    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const auto described = describe(*onednn_, problem, attr);
    name_ = described.impl_info_str();
    primitive_ = dnnl::matmul(described);
    scratchpad_ = dnnl::memory(described.scratchpad_desc(), onednn_->engine);
    x_ = dnnl::memory(problem.src, onednn_->engine, nullptr);
    acc_ = dnnl::memory(problem.dst, onednn_->engine, nullptr);
    const dnnl::memory::desc plain({shape.k, shape.n}, Type::s8, Dims{1, shape.k});
    weights_ = packed(*onednn_, safe_weights(step, context), plain, described.weights_desc());
    arguments_ = {dnnl_exec_arg_t{DNNL_ARG_SRC, x_.get()},
                  dnnl_exec_arg_t{DNNL_ARG_WEIGHTS, weights_.get()},
                  dnnl_exec_arg_t{DNNL_ARG_DST, acc_.get()},
                  dnnl_exec_arg_t{DNNL_ARG_SCRATCHPAD, scratchpad_.get()}};
  }

  void run(const std::uint8_t* x, std::int64_t rows, std::int32_t* acc) noexcept override {
    // oneDNN takes a mutable pointer but only reads its source.
    x_.set_data_handle(const_cast<std::uint8_t*>(x));
    acc_.set_data_handle(acc);
    const dnnl_status_t status =
        dnnl_primitive_execute(primitive_.get(), onednn_->stream.get(),
                               static_cast<int>(arguments_.size()), arguments_.data());
    if (status != dnnl_success) std::terminate();
    if (rest_.empty()) return;
    parallel_for(threads_, rows,
                 [&](std::int64_t row) { rest_.add_to(x + row * shape_.k, acc + row * shape_.n); });
  }
  std::string name() const override { return rest_.empty() ? name_ : name_ + " + sparse rest"; }

 private:
  // The step's weights, without what would saturate on this CPU.
  Tensor safe_weights(const Step& step, const KernelContext& context) {
    const Tensor& codes = context.constant(step.in[1]);
    if (cpu().exact_u8s8) return codes;
    const std::int32_t top = top_code(std::get<step::IntegerLinear>(step.op).act_bits);
    SplitWeights split = split_pairs(codes.as<std::int8_t>(), shape_.k, top);
    rest_ = std::move(split.rest);
    Tensor dense(codes.shape(), DType::kS8);
    std::memcpy(dense.data(), split.dense.data(), split.dense.size());
    return dense;
  }

  IntegerProductShape shape_;
  int threads_;
  std::shared_ptr<OneDnn> onednn_;
  std::string name_;
  dnnl::matmul primitive_;
  dnnl::memory x_, weights_, acc_, scratchpad_;
  std::array<dnnl_exec_arg_t, 4> arguments_;
  SparseRest rest_;
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_integer_linear(const Step& step, const KernelContext& context) {
  return make_integer_linear(step, context,
                             [](const IntegerProductShape& shape, const Step& linear,
                                const KernelContext& made) -> std::unique_ptr<IntegerProduct> {
                               // oneDNN 2.6 without AVX-512 multiplies vectors wrongly: their
                               // strides look transposed.
                               if (shape.n == 1 || shape.k == 1) return nullptr;
                               return std::make_unique<OneDnnProduct>(shape, linear, made);
                             });
}

}  // namespace vitq
