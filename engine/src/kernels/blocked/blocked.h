// SPDX-License-Identifier: Apache-2.0
// Products, convolutions and pooling by our own tiles, on any CPU. A row's result depends neither
// on the number of threads nor on the rows beside it.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

std::unique_ptr<Kernel> make_blocked_linear(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_blocked_integer_linear(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_blocked_matmul(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_blocked_conv(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_blocked_pool(const Step& step, const KernelContext& context);

}  // namespace vitq
