// SPDX-License-Identifier: Apache-2.0
#include "kernels/select.h"

#include "kernels/arm64/tiers.h"

namespace vitq {

const RowKernels& row_kernels(const CpuFeatures& /*features*/) {
  return rows_neon::table();
}

const VitqKernels& integer_only_kernels(const CpuFeatures& /*features*/) {
  return *vitq_kernels_baseline();
}

const CodeGemm& code_gemm(const CpuFeatures& features, std::int32_t /*largest_product*/) {
  if (features.i8mm) return usmmla_i8mm::table();
  return features.dotprod ? sdot_dotprod::table() : smull_neon::table();
}

const WideCodeGemm* wide_code_gemm(const CpuFeatures& /*features*/) {
  return nullptr;
}

const FloatGemm& float_gemm(const CpuFeatures& /*features*/) {
  return float_neon::table();
}

std::unique_ptr<Kernel> make_narrow_integer_linear(const Step& /*step*/,
                                                   const KernelContext& /*context*/) {
  return {};
}

}  // namespace vitq
