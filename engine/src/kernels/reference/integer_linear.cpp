// SPDX-License-Identifier: Apache-2.0
#include "kernels/integer_linear.h"

#include "core/parallel.h"
#include "kernels/products/products.h"
#include "kernels/reference/reference.h"

namespace vitq {
namespace {

class ReferenceProduct : public IntegerProduct {
 public:
  ReferenceProduct(const IntegerProductShape& shape, const Tensor& weights, int threads)
      : shape_(shape), weights_(weights), threads_(threads) {}

  std::int64_t panel_rows() const override { return shape_.m; }
  bool uses_threads() const override { return true; }
  void run(const std::uint8_t* x, std::int64_t rows, std::int32_t* acc) noexcept override {
    const ProductShape row = {.m = 1, .n = shape_.n, .k = shape_.k};
    const auto* weights = reinterpret_cast<const std::byte*>(weights_.as<std::int8_t>().data());
    parallel_for(threads_, rows, [&](std::int64_t i) {
      const auto* left = reinterpret_cast<const std::byte*>(x + i * shape_.k);
      reference_code_products().multiply(row, left, weights, acc + i * shape_.n);
    });
  }
  std::string name() const override { return "reference"; }

 private:
  IntegerProductShape shape_;
  const Tensor weights_;
  int threads_;
};

}  // namespace

std::unique_ptr<Kernel> make_reference_integer_linear(const Step& step,
                                                      const KernelContext& context) {
  return make_integer_linear(step, context,
                             [](const IntegerProductShape& shape, const Step& linear,
                                const KernelContext& made) -> std::unique_ptr<IntegerProduct> {
                               return std::make_unique<ReferenceProduct>(
                                   shape, made.constant(linear.in[1]), made.threads);
                             });
}

}  // namespace vitq
