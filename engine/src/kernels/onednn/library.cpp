// SPDX-License-Identifier: Apache-2.0
#include "kernels/library.h"

#include "core/text.h"
#include "kernels/onednn/onednn.h"

namespace vitq {

std::span<const MakeKernel> library_kernels() {
  static constexpr MakeKernel kKernels[] = {
      make_onednn_integer_linear, make_onednn_linear, make_onednn_matmul,
      make_onednn_conv,           make_onednn_pool,
  };
  return kKernels;
}

std::shared_ptr<OneDnn> open_library(WeightCache& cache) {
  limit_onednn();
  return cache.get<std::shared_ptr<OneDnn>>("onednn", [] { return std::make_shared<OneDnn>(); });
}

std::string library_version() {
  const dnnl_version_t* version = dnnl_version();
  return cat("oneDNN ", version->major, ".", version->minor, ".", version->patch);
}

}  // namespace vitq
