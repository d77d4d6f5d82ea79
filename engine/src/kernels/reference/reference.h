// SPDX-License-Identifier: Apache-2.0
// Products as plain loops in double precision: slow, obvious, and what every other kernel must
// equal.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

std::unique_ptr<Kernel> make_reference_linear(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_reference_integer_linear(const Step& step,
                                                      const KernelContext& context);
std::unique_ptr<Kernel> make_reference_matmul(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_reference_conv(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_reference_pool(const Step& step, const KernelContext& context);

}  // namespace vitq
