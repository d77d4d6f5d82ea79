// SPDX-License-Identifier: Apache-2.0
#include "kernels/integer_linear.h"

#include <algorithm>
#include <array>

#include "core/cpu.h"
#include "kernels/select.h"
#include "kernels/x86/maddubs/pack.h"

namespace vitq {
namespace {

class MaddubsGemm : public IntegerGemm {
 public:
  MaddubsGemm(const IntegerGemmShape& shape, std::shared_ptr<const PackedWeights> weights)
      : shape_(shape), weights_(std::move(weights)) {}

  std::int64_t panel_rows() const override { return kPanelRows; }
  void run(const Thread& /*thread*/, const Panel& panel) const noexcept override {
    const std::int64_t whole = shape_.n / kBlockColumns;
    for (std::int64_t block = 0; block < whole; ++block) {
      tiles_avx2::multiply(weights_->block(block), {panel.x, shape_.k, panel.rows,
                                                    panel.acc + block * kBlockColumns, shape_.n});
    }
    const std::int64_t columns = shape_.n % kBlockColumns;
    if (columns == 0) return;
    std::array<std::int32_t, kPanelRows * kBlockColumns> last;
    tiles_avx2::multiply(weights_->block(whole),
                         {panel.x, shape_.k, panel.rows, last.data(), kBlockColumns});
    for (std::int64_t row = 0; row < panel.rows; ++row) {
      std::copy_n(last.data() + row * kBlockColumns, columns,
                  panel.acc + row * shape_.n + whole * kBlockColumns);
    }
  }
  std::string name() const override { return "maddubs:avx2"; }

 private:
  IntegerGemmShape shape_;
  std::shared_ptr<const PackedWeights> weights_;
};

}  // namespace

std::unique_ptr<Kernel> make_narrow_integer_linear(const Step& step, const KernelContext& context) {
  if (!cpu().avx2 || cpu().exact_u8s8()) return {};
  return make_integer_linear(step, context,
                             [](const IntegerGemmShape& shape, const step::IntegerLinear& linear,
                                const KernelContext& made) -> std::unique_ptr<IntegerGemm> {
                               if (shape.k % kQuadInputs != 0) return {};
                               const Tensor& codes = made.constant(linear.weight);
                               const std::int32_t top = linear.coding.max_digit();
                               return std::make_unique<MaddubsGemm>(
                                   shape, made.packed<std::shared_ptr<const PackedWeights>>(
                                              codes, "maddubs:" + std::to_string(top), [&] {
                                                return std::make_shared<const PackedWeights>(
                                                    codes.as<std::int8_t>(), shape.k, top);
                                              }));
                             });
}

}  // namespace vitq
