// SPDX-License-Identifier: Apache-2.0
// C text: the functions of integer-only steps as one file, steps as initializers, and arrays.
#pragma once

#include <string>

#include "kernels/integer_only/c/steps.h"
#include "vitq/tensor.h"

namespace vitq {

// All that c_sources() have, as C alone sees it.
std::string c_functions();

// Such as "{.kind = kVitqMean, .of = {.mean = {...}}}".
std::string c_initializer(const VitqStep& step);

// The definition of a static constant array of this name, s8, u8 or s32.
std::string c_array(const std::string& name, const Tensor& values);

}  // namespace vitq
