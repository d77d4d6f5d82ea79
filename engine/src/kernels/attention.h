// SPDX-License-Identifier: Apache-2.0
// Attention on codes, a head at a time. Backends differ in the two products only.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

// By the fastest products of codes that the CPU has (kernels/products/).
std::unique_ptr<Kernel> make_attention(const Step& step, const KernelContext& context);
// By plain loops.
std::unique_ptr<Kernel> make_reference_attention(const Step& step, const KernelContext& context);

}  // namespace vitq
