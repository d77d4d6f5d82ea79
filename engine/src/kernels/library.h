// SPDX-License-Identifier: Apache-2.0
// A build may have the kernels of a library beside its own (VITQ_ONEDNN). onednn/library.cpp gives
// oneDNN's, and portable/no_library.cpp stands for none. A build has one of the two.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "kernels/kernel.h"

namespace vitq {

// These are preferred to our own where both apply.
std::span<const MakeKernel> library_kernels();

// What these kernels share, once per cache. Null where there is no library. Throws as cpu() does.
std::shared_ptr<OneDnn> open_library(WeightCache& cache);

// For reports: "oneDNN 2.6.3", or "without oneDNN".
std::string library_version();

}  // namespace vitq
