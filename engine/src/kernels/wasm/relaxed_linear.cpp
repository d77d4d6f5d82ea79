// SPDX-License-Identifier: Apache-2.0
// Integer linear layers on relaxed SIMD, for weights of 7 bits.
#include "kernels/wasm/relaxed_linear.h"

#include <algorithm>

#include "core/cpu.h"
#include "kernels/integer_linear.h"
#include "kernels/select.h"

namespace vitq {
namespace {

constexpr std::int64_t kPanelRows = 64;
constexpr std::int64_t kMostCodes = 1 << 24;  // of a layer, whose offsets have 32 bits

class RelaxedGemm : public IntegerGemm {
 public:
  RelaxedGemm(const IntegerGemmShape& shape, Tensor weights)
      : n_(static_cast<int>(shape.n)),
        k_(static_cast<int>(shape.k)),
        weights_(std::move(weights)) {}

  std::int64_t panel_rows() const override { return kPanelRows; }
  std::int64_t thread_bytes() const override { return kPanelRows * relaxed_row_bytes(k_); }
  void run(const Thread& thread, const Panel& panel) const noexcept override {
    const RelaxedPanel all = {.codes = panel.x,
                              .weights = weights_.as<std::uint8_t>().data(),
                              .held = reinterpret_cast<unsigned char*>(thread.workspace),
                              .sums = panel.acc,
                              .rows = static_cast<int>(panel.rows),
                              .n = n_,
                              .k = k_};
    vitq_relaxed_multiply(&all);
  }
  std::string name() const override { return "dot:relaxed_simd"; }

 private:
  int n_, k_;
  Tensor weights_;  // as they are held
};

bool has_7_bits(std::int8_t code) {
  return code >= -kRelaxedOffsetB && code < kRelaxedOffsetB;
}

// It holds a column, of which `codes` are the weights.
void hold_column(std::span<const std::int8_t> codes, std::int64_t column, std::uint8_t* to) {
  const int k = static_cast<int>(codes.size());
  const std::int64_t lane = column % kRelaxedColumns;
  std::uint8_t* block = to + column / kRelaxedColumns * relaxed_block_bytes(k);
  std::int32_t sum = 0;
  int place = 0;
  for (const std::int8_t code : codes) {
    const std::int64_t word = (1 + place / kRelaxedStep) * kRelaxedColumns + lane;
    block[4 * word + place % kRelaxedStep] = static_cast<std::uint8_t>(code + kRelaxedOffsetB);
    sum += code;
    ++place;
  }
  sum *= kRelaxedOffsetA;
  std::memcpy(block + 4 * lane, &sum, sizeof(sum));
}

Tensor hold(std::span<const std::int8_t> codes, const IntegerGemmShape& shape) {
  const std::int64_t blocks = (shape.n + kRelaxedColumns - 1) / kRelaxedColumns;
  Tensor held({blocks * relaxed_block_bytes(static_cast<int>(shape.k))}, DType::kU8);
  std::memset(held.data(), 0, held.bytes());
  for (std::int64_t column = 0; column < shape.n; ++column) {
    const auto k = static_cast<std::size_t>(shape.k);
    hold_column(codes.subspan(static_cast<std::size_t>(column) * k, k), column,
                held.as<std::uint8_t>().data());
  }
  return held;
}

std::unique_ptr<IntegerGemm> make_relaxed(const IntegerGemmShape& shape,
                                          const step::IntegerLinear& linear,
                                          const KernelContext& context) {
  const Tensor& weights = context.constant(linear.weight);
  const std::span<const std::int8_t> codes = weights.as<std::int8_t>();
  if (shape.n * shape.k > kMostCodes) return {};
  if (!std::all_of(codes.begin(), codes.end(), has_7_bits)) return {};
  return std::make_unique<RelaxedGemm>(
      shape, context.packed<Tensor>(weights, "relaxed", [&] { return hold(codes, shape); }));
}

}  // namespace

std::unique_ptr<Kernel> make_narrow_integer_linear(const Step& step, const KernelContext& context) {
  if (!cpu().relaxed_simd) return {};
  return make_integer_linear(step, context, make_relaxed);
}

}  // namespace vitq
