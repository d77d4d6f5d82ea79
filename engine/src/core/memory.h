// SPDX-License-Identifier: Apache-2.0
// How much memory there is.
#pragma once

#include <cstdint>

namespace vitq {

// This many bytes can be taken without swapping, as far as the kernel and the control group of this
// process say. It is the largest number where they say nothing.
std::int64_t available_memory();

}  // namespace vitq
