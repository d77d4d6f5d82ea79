// SPDX-License-Identifier: Apache-2.0
// The product of an integer linear layer by the tiles that attention uses.
#include "kernels/integer_linear.h"

#include "kernels/blocked/blocked.h"
#include "kernels/select.h"

namespace vitq {
namespace {

class BlockedGemm : public IntegerGemm {
 public:
  BlockedGemm(const IntegerGemmShape& shape, const CodeGemm& gemm, Tensor weights)
      : shape_(shape), gemm_(gemm), weights_(std::move(weights)) {}

  std::int64_t panel_rows() const override { return kPanelRows; }
  std::int64_t thread_bytes() const override { return gemm_.a_bytes(kPanelRows, shape_.k); }
  void run(const Thread& thread, const Panel& panel) const noexcept override {
    for (std::int64_t row = 0; row < panel.rows; ++row) {
      gemm_.pack_a_row({panel.x + row * shape_.k, shape_.k, row}, thread.workspace);
    }
    gemm_.multiply({.m = panel.rows, .n = shape_.n, .k = shape_.k}, thread.workspace,
                   weights_.data(), panel.acc);
  }
  std::string name() const override { return gemm_.name; }

 private:
  static constexpr std::int64_t kPanelRows = 64;

  IntegerGemmShape shape_;
  const CodeGemm& gemm_;
  Tensor weights_;  // as its columns are packed
};

Tensor pack_codes(const Tensor& codes, const IntegerGemmShape& shape, const CodeGemm& gemm) {
  Tensor result({gemm.b_bytes(shape.n, shape.k)}, DType::kU8);
  const std::int8_t* from = codes.as<std::int8_t>().data();
  for (std::int64_t column = 0; column < shape.n; ++column) {
    gemm.pack_b_column({from + column * shape.k, shape.k, column}, result.data());
  }
  return result;
}

}  // namespace

std::unique_ptr<Kernel> make_blocked_integer_linear(const Step& step,
                                                    const KernelContext& context) {
  return make_integer_linear(step, context,
                             [](const IntegerGemmShape& shape, const step::IntegerLinear& linear,
                                const KernelContext& made) -> std::unique_ptr<IntegerGemm> {
                               const CodeGemm& gemm = code_gemm(cpu(), kLargestProduct);
                               const Tensor& codes = made.constant(linear.weight);
                               return std::make_unique<BlockedGemm>(
                                   shape, gemm, made.packed<Tensor>(codes, "blocked codes", [&] {
                                     return pack_codes(codes, shape, gemm);
                                   }));
                             });
}

}  // namespace vitq
