// SPDX-License-Identifier: Apache-2.0
// Which kernels a backend tries, in order.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

// The first kernel of the backend's list that applies. Throws UnsupportedError if there is none.
std::unique_ptr<Kernel> make_kernel(Backend backend, const Step& step,
                                    const KernelContext& context);

// The context of an executable: oneDNN's engine exists only where a kernel may use it.
KernelContext make_context(Backend backend, const Plan& plan, int threads, WeightCache& cache);

// The version of the library that kernels come from: "oneDNN 2.6.3".
std::string onednn_version();

}  // namespace vitq
