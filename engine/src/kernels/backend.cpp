// SPDX-License-Identifier: Apache-2.0
#include "kernels/backend.h"

#include "core/cpu.h"
#include "core/text.h"
#include "kernels/attention.h"
#include "kernels/copy.h"
#include "kernels/im2col.h"
#include "kernels/mean.h"
#include "kernels/onednn/onednn.h"
#include "kernels/reference/reference.h"
#include "kernels/rowwise.h"
#include "kernels/select.h"
#include "vitq/error.h"

namespace vitq {
namespace {

constexpr MakeKernel kReferenceKernels[] = {
    make_im2col,
    make_rowwise,
    make_copy,
    make_mean,
    make_reference_linear,
    make_reference_matmul,
    make_reference_conv,
    make_reference_pool,
    make_reference_integer_linear,
    make_reference_attention,
};

constexpr MakeKernel kFastKernels[] = {
    make_im2col,
    make_rowwise,
    make_copy,
    make_mean,
    make_maddubs_integer_linear,
    make_onednn_integer_linear,
    make_attention,
    make_onednn_linear,
    make_onednn_matmul,
    make_onednn_conv,
    make_onednn_pool,
    make_reference_linear,
    make_reference_matmul,
    make_reference_conv,
    make_reference_pool,
    make_reference_integer_linear,
};

std::span<const MakeKernel> kernels_of(Backend backend) {
  if (backend == Backend::kReference) return kReferenceKernels;
  return kFastKernels;
}

}  // namespace

std::unique_ptr<Kernel> make_kernel(Backend backend, const Step& step,
                                    const KernelContext& context) {
  for (const MakeKernel make : kernels_of(backend)) {
    if (std::unique_ptr<Kernel> kernel = make(step, context)) return kernel;
  }
  throw UnsupportedError(cat("no kernel can run step '", step.name, "' (", name_of(step.op), ")"));
}

KernelContext make_context(Backend backend, const Plan& plan, int threads, WeightCache& cache) {
  const bool reference = backend == Backend::kReference;
  if (!reference) limit_onednn();
  return {.plan = plan,
          .threads = threads,
          .rows = reference ? baseline_row_kernels() : row_kernels(cpu()),
          .onednn = reference ? nullptr
                              : cache.get<std::shared_ptr<OneDnn>>(
                                    "onednn", [] { return std::make_shared<OneDnn>(); }),
          .cache = cache};
}

std::string library_versions() {
  return onednn_version();
}

}  // namespace vitq
