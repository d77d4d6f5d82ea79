// SPDX-License-Identifier: Apache-2.0
#include "kernels/select.h"

namespace vitq {

const RowKernels& row_kernels(const CpuFeatures& /*features*/) {
  return baseline_row_kernels();
}

const VitqKernels& integer_only_kernels(const CpuFeatures& /*features*/) {
  return *vitq_kernels_baseline();
}

const CodeGemm& code_gemm(const CpuFeatures& /*features*/, std::int32_t /*largest_product*/) {
  return portable_code_gemm();
}

const WideCodeGemm* wide_code_gemm(const CpuFeatures& /*features*/) {
  return nullptr;
}

const FloatGemm& float_gemm(const CpuFeatures& /*features*/) {
  return portable_float_gemm();
}

std::unique_ptr<Kernel> make_narrow_integer_linear(const Step& /*step*/,
                                                   const KernelContext& /*context*/) {
  return {};
}

}  // namespace vitq
