// SPDX-License-Identifier: Apache-2.0
// Everything that is computed row by row or element by element, on the row kernels.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

// LayerNorm, Softmax, UnitLength, Activate, Add, Multiply, Scale, Sine and Quantize.
std::unique_ptr<Kernel> make_rowwise(const Step& step, const KernelContext& context);

}  // namespace vitq
