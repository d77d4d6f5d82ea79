// SPDX-License-Identifier: Apache-2.0
// Kernels of steps on values s32, on the C functions of the folder c.
#pragma once

#include "kernels/integer_linear.h"
#include "kernels/integer_only/c/kernels.h"
#include "kernels/kernel.h"

namespace vitq {

// Every step as the C functions have it, products included: the arbiter.
std::unique_ptr<Kernel> make_integer_only(const Step& step, const KernelContext& context);
// The same but for products, which the others make faster.
std::unique_ptr<Kernel> make_integer_only_rows(const Step& step, const KernelContext& context);
std::unique_ptr<Kernel> make_integer_only_attention(const Step& step, const KernelContext& context);
// An IntegerLinear step around any exact product.
std::unique_ptr<Kernel> make_integer_only_linear(const Step& step, const KernelContext& context,
                                                 std::unique_ptr<IntegerGemm> gemm);

// What such a network ends with: values s32 as f32.
std::unique_ptr<Kernel> make_to_float(const Step& step, const KernelContext& context);

}  // namespace vitq
