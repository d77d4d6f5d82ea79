// SPDX-License-Identifier: Apache-2.0
#include "core/cpu.h"
#include "vision/x86/resize_avx2.h"

namespace vitq {

const ResizeKernels& resize_kernels(const CpuFeatures& features) {
  return features.avx2 ? resize_avx2::table() : portable_resize_kernels();
}

}  // namespace vitq
