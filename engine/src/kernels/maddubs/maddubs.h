// SPDX-License-Identifier: Apache-2.0
// The project's own kernels for integer linear layers on CPUs with AVX2 but without VNNI.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

// Applies where rows are a multiple of 4 codes long.
std::unique_ptr<Kernel> make_maddubs_integer_linear(const Step& step, const KernelContext& context);

}  // namespace vitq
