// SPDX-License-Identifier: Apache-2.0
#include "vision/resize_kernels.h"

namespace vitq {

const ResizeKernels& resize_kernels(const CpuFeatures& /*features*/) {
  return portable_resize_kernels();
}

}  // namespace vitq
