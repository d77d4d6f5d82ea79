// SPDX-License-Identifier: Apache-2.0
#include "kernels/library.h"

namespace vitq {

std::span<const MakeKernel> library_kernels() {
  return {};
}

std::shared_ptr<OneDnn> open_library(WeightCache& /*cache*/) {
  return {};
}

std::string library_version() {
  return "without oneDNN";
}

}  // namespace vitq
