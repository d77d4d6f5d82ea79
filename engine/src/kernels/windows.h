// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/kernel.h"

namespace vitq {

// Quantize where the operand is windows on a picture: gathers each and codes it while it is in
// cache.
std::unique_ptr<Kernel> make_windows(const Step& step, const KernelContext& context);

}  // namespace vitq
