// SPDX-License-Identifier: Apache-2.0
#include "kernels/integer_linear.h"

#include "kernels/code_gemm/code_gemm.h"
#include "kernels/reference/reference.h"

namespace vitq {
namespace {

class ReferenceGemm : public IntegerGemm {
 public:
  ReferenceGemm(const IntegerGemmShape& shape, const Tensor& weights)
      : shape_(shape), weights_(weights) {}

  std::int64_t panel_rows() const override { return shape_.m; }
  void run(const Thread& /*thread*/, const Panel& panel) const noexcept override {
    const CodeGemmShape shape = {.m = panel.rows, .n = shape_.n, .k = shape_.k};
    reference_code_gemm().multiply(shape, reinterpret_cast<const std::byte*>(panel.x),
                                   weights_.data(), panel.acc);
  }
  std::string name() const override { return "reference"; }

 private:
  IntegerGemmShape shape_;
  const Tensor weights_;
};

}  // namespace

std::unique_ptr<Kernel> make_reference_integer_linear(const Step& step,
                                                      const KernelContext& context) {
  return make_integer_linear(step, context,
                             [](const IntegerGemmShape& shape, const step::IntegerLinear& linear,
                                const KernelContext& made) -> std::unique_ptr<IntegerGemm> {
                               return std::make_unique<ReferenceGemm>(shape,
                                                                      made.constant(linear.weight));
                             });
}

}  // namespace vitq
