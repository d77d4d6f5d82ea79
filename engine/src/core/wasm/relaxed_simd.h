// SPDX-License-Identifier: Apache-2.0
// Tells whether this module has kernels on relaxed SIMD. A file with them or the one that stands for
// them defines it, whichever is linked.
#pragma once

namespace vitq {

bool has_relaxed_simd();

}  // namespace vitq
