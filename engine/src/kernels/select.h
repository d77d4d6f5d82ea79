// SPDX-License-Identifier: Apache-2.0
// Some kernels depend on the processor. The folder of an architecture has a select.cpp that chooses
// among its own, and portable/select.cpp stands for those without one. A build has one of them.
#pragma once

#include "core/cpu.h"
#include "kernels/code_gemm/code_gemm.h"
#include "kernels/float_gemm/float_gemm.h"
#include "kernels/integer_only/c/kernels.h"
#include "kernels/kernel.h"
#include "kernels/rows/rows.h"

namespace vitq {

// They return the fastest that `features`, which the CPU must have, can run.
const RowKernels& row_kernels(const CpuFeatures& features);
const VitqKernels& integer_only_kernels(const CpuFeatures& features);
const FloatGemm& float_gemm(const CpuFeatures& features);
// Null where four products of 8 bits are faster, or nobody has seen which are.
const WideCodeGemm* wide_code_gemm(const CpuFeatures& features);

// No product of a code of `a` and one of `b` may be larger in magnitude.
const CodeGemm& code_gemm(const CpuFeatures& features, std::int32_t largest_product);
// Any codes of 8 bits have no larger one.
constexpr std::int32_t kLargestProduct = 255 * 128;

// It makes integer linear layers whose products hold for small weights or parts of them. On x86 it
// is vpmaddubsw, for CPUs with AVX2 but without VNNI, and rows of a multiple of 4 codes. Relaxed
// SIMD takes weights of 7 bits.
std::unique_ptr<Kernel> make_narrow_integer_linear(const Step& step, const KernelContext& context);

}  // namespace vitq
