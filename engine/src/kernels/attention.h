// SPDX-License-Identifier: Apache-2.0
// Attention on codes, a head at a time. Backends differ in the two products only.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

// In magnitude no product of two digits of codes is larger.
std::int32_t largest_product(const step::Attention& attention);

// By the fastest products that the CPU has of such codes (kernels/select.h).
std::unique_ptr<Kernel> make_attention(const Step& step, const KernelContext& context);
// By plain loops.
std::unique_ptr<Kernel> make_reference_attention(const Step& step, const KernelContext& context);

}  // namespace vitq
