// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/kernel.h"

namespace vitq {

std::unique_ptr<Kernel> make_mean(const Step& step, const KernelContext& context);

}  // namespace vitq
