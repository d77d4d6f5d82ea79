// SPDX-License-Identifier: Apache-2.0
// Some kernels depend on the processor. The folder of an architecture has a select.cpp that chooses
// among its own, and portable/select.cpp stands for those without one. A build has one of them.
#pragma once

#include <span>

#include "core/cpu.h"
#include "kernels/code_gemm/code_gemm.h"
#include "kernels/float_gemm/float_gemm.h"
#include "kernels/kernel.h"
#include "kernels/rows/rows.h"

namespace vitq {

// They return the fastest that `features`, which the CPU must have, can run.
const RowKernels& row_kernels(const CpuFeatures& features);
const CodeGemm& code_gemm(const CpuFeatures& features);
// The same where `b` are weights, which are packed by columns alone and have these codes.
const CodeGemm& weight_gemm(const CpuFeatures& features, std::span<const std::int8_t> codes);
const FloatGemm& float_gemm(const CpuFeatures& features);

// It makes integer linear layers on vpmaddubsw, for CPUs with AVX2 but without VNNI. It applies
// where rows are a multiple of 4 codes long.
std::unique_ptr<Kernel> make_maddubs_integer_linear(const Step& step, const KernelContext& context);

}  // namespace vitq
