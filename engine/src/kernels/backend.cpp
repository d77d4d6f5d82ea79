// SPDX-License-Identifier: Apache-2.0
#include "kernels/backend.h"

#include "core/cpu.h"
#include "core/text.h"
#include "kernels/attention.h"
#include "kernels/blocked/blocked.h"
#include "kernels/copy.h"
#include "kernels/im2col.h"
#include "kernels/integer_linear.h"
#include "kernels/integer_only/kernels.h"
#include "kernels/library.h"
#include "kernels/mean.h"
#include "kernels/reference/reference.h"
#include "kernels/rowwise.h"
#include "kernels/select.h"
#include "vitq/error.h"

namespace vitq {
namespace {

constexpr MakeKernel kReferenceKernels[] = {
    make_integer_only,
    make_to_float,
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

// Before those of a library, and after.
constexpr MakeKernel kFirstKernels[] = {
    make_integer_only_rows,
    make_integer_only_attention,
    make_to_float,
    make_im2col,
    make_rowwise,
    make_copy,
    make_mean,
    make_wide_integer_linear,
    make_narrow_integer_linear,
    make_attention,
};
constexpr MakeKernel kBlockedKernels[] = {
    make_blocked_linear, make_blocked_integer_linear, make_blocked_matmul,
    make_blocked_conv,   make_blocked_pool,
};

using Kernels = std::span<const MakeKernel>;

std::vector<Kernels> kernels_of(Backend backend) {
  if (backend == Backend::kReference) return {kReferenceKernels};
  return {kFirstKernels, library_kernels(), kBlockedKernels, kReferenceKernels};
}

}  // namespace

std::unique_ptr<Kernel> make_kernel(Backend backend, const Step& step,
                                    const KernelContext& context) {
  for (const Kernels kernels : kernels_of(backend)) {
    for (const MakeKernel make : kernels) {
      if (std::unique_ptr<Kernel> kernel = make(step, context)) return kernel;
    }
  }
  throw UnsupportedError(cat("no kernel can run step '", step.name, "' (", name_of(step.op), ")"));
}

KernelContext make_context(Backend backend, const Plan& plan, int threads, WeightCache& cache) {
  const bool reference = backend == Backend::kReference;
  return {.plan = plan,
          .threads = threads,
          .rows = reference ? baseline_row_kernels() : row_kernels(cpu()),
          .onednn = reference ? nullptr : open_library(cache),
          .cache = cache};
}

}  // namespace vitq
