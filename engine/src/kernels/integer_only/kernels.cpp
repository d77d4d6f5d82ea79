// SPDX-License-Identifier: Apache-2.0
// Integer-only steps as kernels of a plan.
#include "kernels/integer_only/kernels.h"

#include "core/cpu.h"
#include "core/parallel.h"
#include "kernels/integer_only/describe.h"
#include "kernels/select.h"
#include "kernels/workspace.h"

namespace vitq {
namespace {

class IntegerOnlyKernel : public Kernel {
 public:
  IntegerOnlyKernel(const VitqStep& step, int threads, const VitqKernels& kernels)
      : step_(step),
        threads_(threads),
        kernels_(kernels),
        room_(layout_.add<std::byte>(kernels.room(&step))) {}

  std::int64_t workspace_bytes() const override { return layout_.bytes(threads_); }
  void run(const Run& run) const noexcept override {
    parallel_chunks(run.team, kernels_.parts(&step_),
                    [&](std::int64_t thread, std::int64_t begin, std::int64_t end) {
                      kernels_.run(&step_, run.buffers.data(), static_cast<std::int32_t>(begin),
                                   static_cast<std::int32_t>(end),
                                   room_.in(layout_.slot(run.workspace, thread)));
                    });
  }
  std::string name() const override { return "integers"; }

 private:
  VitqStep step_;
  int threads_;
  const VitqKernels& kernels_;
  WorkspaceLayout layout_;
  Part<std::byte> room_;
};

}  // namespace

std::unique_ptr<Kernel> make_integer_only(const Step& step, const KernelContext& context) {
  const std::optional<VitqStep> described = describe(step);
  if (!described) return {};
  return std::make_unique<IntegerOnlyKernel>(*described, context.threads, *vitq_kernels_baseline());
}

std::unique_ptr<Kernel> make_integer_only_rows(const Step& step, const KernelContext& context) {
  const bool product = std::holds_alternative<step::IntegerLinear>(step.op) ||
                       std::holds_alternative<step::Attention>(step.op);
  const auto* copy = std::get_if<step::Copy>(&step.op);
  const bool bytes = copy != nullptr && copy->x.dtype == DType::kU8;  // make_copy is faster
  const std::optional<VitqStep> described = product || bytes ? std::nullopt : describe(step);
  if (!described) return {};
  return std::make_unique<IntegerOnlyKernel>(*described, context.threads,
                                             integer_only_kernels(cpu()));
}

}  // namespace vitq
