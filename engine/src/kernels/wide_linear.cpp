// SPDX-License-Identifier: Apache-2.0
// A product of codes of two digits each is four products of digits. Where its sums fit 32 bits, one
// product of codes of 16 bits gives the same in half the time.
#include <algorithm>
#include <cstdlib>
#include <limits>

#include "core/cpu.h"
#include "kernels/code_gemm/code_gemm.h"
#include "kernels/integer_linear.h"
#include "kernels/select.h"

namespace vitq {
namespace {

class WideGemm : public IntegerGemm {
 public:
  WideGemm(const IntegerGemmShape& shape, const RowKernels& kernels, const WideCodeGemm& gemm,
           Tensor weights)
      : shape_(shape), kernels_(kernels), gemm_(gemm), weights_(std::move(weights)) {}

  bool takes_whole_codes() const override { return true; }
  std::int64_t panel_rows() const override { return kPanelRows; }
  // The packed rows, behind the codes of one.
  std::int64_t thread_bytes() const override {
    return row_bytes() + gemm_.a_bytes(kPanelRows, shape_.k);
  }
  void run(const Thread& thread, const Panel& panel) const noexcept override {
    auto* codes = reinterpret_cast<std::int16_t*>(thread.workspace);
    std::byte* rows = thread.workspace + row_bytes();
    for (std::int64_t row = 0; row < panel.rows; ++row) {
      const std::uint8_t* high = panel.x + row * shape_.k;
      kernels_.join_u16(high, high + panel.low_digits, shape_.k, codes);
      gemm_.pack_a_row({codes, shape_.k, row}, rows);
    }
    gemm_.multiply({.m = panel.rows, .n = shape_.n, .k = shape_.k}, rows, weights_.data(),
                   panel.acc);
  }
  std::string name() const override { return gemm_.name; }

 private:
  static constexpr std::int64_t kPanelRows = 64;
  static constexpr std::int64_t kAligned = 64;
  std::int64_t row_bytes() const { return (2 * shape_.k + kAligned - 1) / kAligned * kAligned; }

  IntegerGemmShape shape_;
  const RowKernels& kernels_;
  const WideCodeGemm& gemm_;
  Tensor weights_;  // as its columns are packed
};

// The codes of a layer, whose digits are [2 n, k].
std::vector<std::int16_t> whole_codes(std::span<const std::int8_t> digits, std::int32_t base) {
  std::vector<std::int16_t> codes(digits.size() / 2);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<std::int16_t>(base * digits[i] + digits[codes.size() + i]);
  }
  return codes;
}

// Whether no sum of products of these rows [n, k] with codes from 0 to `top` leaves 32 bits.
bool sums_fit(std::span<const std::int16_t> codes, std::int64_t k, std::int32_t top) {
  for (std::size_t begin = 0; begin < codes.size(); begin += static_cast<std::size_t>(k)) {
    std::int64_t sum = 0;
    for (std::size_t i = begin; i < begin + static_cast<std::size_t>(k); ++i) {
      sum += std::abs(int{codes[i]});
    }
    if (sum * top > std::numeric_limits<std::int32_t>::max()) return false;
  }
  return true;
}

// The packed weights; empty where sums may not fit.
Tensor packed_codes(const step::IntegerLinear& linear, const Tensor& digits,
                    const IntegerGemmShape& shape, const WideCodeGemm& gemm) {
  const std::vector<std::int16_t> codes = whole_codes(digits.as<std::int8_t>(), linear.weight_base);
  if (!sums_fit(codes, shape.k, max_code(linear.coding.most_bits()))) return {};
  Tensor result({gemm.b_bytes(shape.n, shape.k)}, DType::kU8);
  for (std::int64_t column = 0; column < shape.n; ++column) {
    gemm.pack_b_column({codes.data() + column * shape.k, shape.k, column}, result.data());
  }
  return result;
}

std::unique_ptr<IntegerGemm> make_wide(const IntegerGemmShape& digits,
                                       const step::IntegerLinear& linear,
                                       const KernelContext& context) {
  const WideCodeGemm* gemm = wide_code_gemm(cpu());
  const int bits = linear.coding.most_bits();
  const bool both = linear.weight_base > 1 && linear.coding.digits() == 2;
  if (gemm == nullptr || !both || bits == kMostCodeBits) return {};
  const IntegerGemmShape shape = {digits.m, digits.n / 2, digits.k};
  const Tensor& weights = context.constant(linear.weight);
  Tensor packed = context.packed<Tensor>(weights, "wide:" + std::to_string(bits), [&] {
    return packed_codes(linear, weights, shape, *gemm);
  });
  if (packed.bytes() == 0) return {};
  return std::make_unique<WideGemm>(shape, context.rows, *gemm, std::move(packed));
}

}  // namespace

std::unique_ptr<Kernel> make_wide_integer_linear(const Step& step, const KernelContext& context) {
  return make_integer_linear(step, context, make_wide);
}

}  // namespace vitq
