// SPDX-License-Identifier: Apache-2.0
// Linear layers on integers only, around the fastest exact product.
#include <algorithm>

#include "core/cpu.h"
#include "core/parallel.h"
#include "kernels/integer_only/describe.h"
#include "kernels/integer_only/kernels.h"
#include "kernels/select.h"
#include "kernels/workspace.h"

namespace vitq {
namespace {

class IntegerOnlyLinearKernel : public Kernel {
 public:
  IntegerOnlyLinearKernel(const VitqLinear& step, const KernelContext& context,
                          std::unique_ptr<IntegerGemm> gemm)
      : step_(step),
        threads_(context.threads),
        kernels_(integer_only_kernels(cpu())),
        gemm_(std::move(gemm)) {
    const std::int64_t rows = step_.walk.rows;
    const std::int64_t chunks = std::min<std::int64_t>(threads_, rows);
    const std::int64_t panel = std::min(gemm_->panel_rows(), (rows + chunks - 1) / chunks);
    sums_ = layout_.add<std::int32_t>(panel * step_.n);
    room_ = layout_.add<std::int32_t>(std::max(step_.n, patch_values()));
    gemm_part_ = layout_.add<std::byte>(gemm_->thread_bytes());
    if (!patches()) return;
    codes_ = layout_.add<std::uint8_t>(panel * step_.k);
    ranges_ = layout_.add<VitqRow>(panel);
  }

  std::int64_t workspace_bytes() const override { return layout_.bytes(threads_); }
  std::unique_ptr<KernelState> make_state() const override { return gemm_->make_state(); }
  void run(const Run& run) const noexcept override {
    parallel_chunks(run.team, step_.walk.rows,
                    [&](std::int64_t thread, std::int64_t begin, std::int64_t end) {
                      for (std::int64_t row = begin; row < end; row += gemm_->panel_rows()) {
                        run_panel(run, thread, row, std::min(end, row + gemm_->panel_rows()));
                      }
                    });
  }
  std::string name() const override { return gemm_->name(); }

 private:
  bool patches() const { return step_.patches.image.buffer >= 0; }
  std::int32_t patch_values() const {
    return step_.patches.height * step_.patches.width * step_.patches.channels;
  }

  void run_panel(const Run& run, std::int64_t thread, std::int64_t begin, std::int64_t end) const {
    std::byte* slot = layout_.slot(run.workspace, thread);
    std::int32_t* sums = sums_.in(slot);
    VitqByte* const* buffers = run.buffers.data();
    gemm_->run({thread, gemm_part_.in(slot), run.state},
               {codes_of(buffers, slot, begin, end), end - begin, sums});
    for (std::int64_t row = begin; row < end; ++row, sums += step_.n) {
      const auto index = static_cast<std::int32_t>(row);
      const VitqSums result = {
          sums, patches() ? ranges_.in(slot)[row - begin] : kernels_.row_at(&step_, buffers, index),
          index};
      kernels_.finish_linear(&step_, buffers, &result, room_.in(slot));
    }
  }

  const std::uint8_t* codes_of(VitqByte* const* buffers, std::byte* slot, std::int64_t begin,
                               std::int64_t end) const {
    if (!patches()) {
      const std::int64_t offset = step_.x.offset + begin * step_.k;
      return reinterpret_cast<const std::uint8_t*>(buffers[step_.x.buffer] + offset);
    }
    std::uint8_t* codes = codes_.in(slot);
    for (std::int64_t row = begin; row < end; ++row) {
      ranges_.in(slot)[row - begin] =
          kernels_.patch(&step_.patches, buffers, static_cast<std::int32_t>(row),
                         {codes + (row - begin) * step_.k, step_.k}, room_.in(slot));
    }
    return codes;
  }

  VitqLinear step_;
  int threads_;
  const VitqKernels& kernels_;
  std::unique_ptr<IntegerGemm> gemm_;
  WorkspaceLayout layout_;
  Part<std::int32_t> sums_;  // a panel
  Part<std::int32_t> room_;  // a row, or a patch
  Part<std::byte> gemm_part_;
  Part<std::uint8_t> codes_;  // a panel, of patches
  Part<VitqRow> ranges_;      // of each
};

}  // namespace

std::unique_ptr<Kernel> make_integer_only_linear(const Step& step, const KernelContext& context,
                                                 std::unique_ptr<IntegerGemm> gemm) {
  const std::optional<VitqStep> described = describe(step);
  return std::make_unique<IntegerOnlyLinearKernel>(described->of.linear, context, std::move(gemm));
}

}  // namespace vitq
