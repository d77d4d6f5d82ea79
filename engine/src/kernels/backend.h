// SPDX-License-Identifier: Apache-2.0
// Which kernels a backend tries, in order.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

// The first kernel of the backend's list that applies. Throws UnsupportedError if there is none.
std::unique_ptr<Kernel> make_kernel(Backend backend, const Step& step,
                                    const KernelContext& context);

// The context of an executable: a library's engine exists only where a kernel may use it.
KernelContext make_context(Backend backend, const Plan& plan, int threads, WeightCache& cache);

}  // namespace vitq
