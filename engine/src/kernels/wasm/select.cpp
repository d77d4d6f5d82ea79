// SPDX-License-Identifier: Apache-2.0
#include "kernels/select.h"

#include <algorithm>

#include "kernels/wasm/tiers.h"

namespace vitq {

const RowKernels& row_kernels(const CpuFeatures& /*features*/) {
  return baseline_row_kernels();
}

const CodeGemm& code_gemm(const CpuFeatures& /*features*/) {
  return dot_simd128::table();
}

const CodeGemm& weight_gemm(const CpuFeatures& features, std::span<const std::int8_t> codes) {
  constexpr std::int8_t kLeast = -64;
  constexpr std::int8_t kMost = 63;
  const bool narrow = std::all_of(codes.begin(), codes.end(), [](std::int8_t code) {
    return code >= kLeast && code <= kMost;
  });
  return features.relaxed_simd && narrow ? *relaxed_dot::table() : code_gemm(features);
}

const FloatGemm& float_gemm(const CpuFeatures& /*features*/) {
  return portable_float_gemm();
}

std::unique_ptr<Kernel> make_maddubs_integer_linear(const Step& /*step*/,
                                                    const KernelContext& /*context*/) {
  return {};
}

}  // namespace vitq
