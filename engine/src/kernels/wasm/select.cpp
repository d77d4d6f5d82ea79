// SPDX-License-Identifier: Apache-2.0
#include "kernels/select.h"

#include "kernels/wasm/tiers.h"

namespace vitq {

const RowKernels& baseline_row_kernels() {
  return rows_simd128::table();
}

const RowKernels& row_kernels(const CpuFeatures& /*features*/) {
  return rows_simd128::table();
}

const VitqKernels& integer_only_kernels(const CpuFeatures& /*features*/) {
  return *vitq_kernels_baseline();
}

const CodeGemm& code_gemm(const CpuFeatures& /*features*/, std::int32_t /*largest_product*/) {
  return dot_simd128::table();
}

const WideCodeGemm* wide_code_gemm(const CpuFeatures& /*features*/) {
  return nullptr;
}

const FloatGemm& float_gemm(const CpuFeatures& /*features*/) {
  return portable_float_gemm();
}

}  // namespace vitq
