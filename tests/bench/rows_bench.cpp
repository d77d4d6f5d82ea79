// SPDX-License-Identifier: Apache-2.0
// This measures time per row and GB/s (bytes read and written) of every row kernel in every tier
// that cpu() allows. The rows stay in the first-level cache.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/select.h"
#include "vitq/tensor.h"

namespace {

using vitq::CpuFeatures;
using vitq::DType;
using vitq::RowKernels;
using vitq::Tensor;

// The operands of one row of n, each aligned to 64 bytes as tensors are.
struct Operands {
  explicit Operands(std::int64_t length) : n(length) {
    const auto row = x.as<float>();
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = 3 * std::sin(static_cast<float>(i));
  }
  std::int64_t n;
  Tensor x{{n}, DType::kF32};
  Tensor gamma{{n}, DType::kF32};
  Tensor beta{{n}, DType::kF32};
  Tensor y{{n}, DType::kF32};
  Tensor acc{{n}, DType::kS32};
  Tensor u8{{n}, DType::kU8};
  Tensor s8{{n}, DType::kS8};
  float lo = 0, hi = 0;
};

template <typename T>
T* at(Tensor& tensor) {
  return tensor.as<T>().data();
}

struct Case {
  std::string name;
  std::vector<std::int64_t> lengths;
  std::int64_t bytes;  // per element
  void (*run)(const RowKernels& rows, Operands& o);
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"layer_norm",
       {192, 768},
       16,
       [](const RowKernels& r, Operands& o) {
         r.layer_norm(at<float>(o.x), at<float>(o.gamma), at<float>(o.beta), 1e-6F, o.n,
                      at<float>(o.y));
       }},
      {"softmax",
       {197},
       8,
       [](const RowKernels& r, Operands& o) {
         r.softmax(at<float>(o.x), 0.125F, o.n, at<float>(o.y));
       }},
      {"softmax_codes",
       {197},
       5,
       [](const RowKernels& r, Operands& o) {
         r.softmax_codes(at<float>(o.x), o.n, 255, at<std::uint8_t>(o.u8), &o.lo);
       }},
      {"exp",
       {768},
       8,
       [](const RowKernels& r, Operands& o) { r.exp(at<float>(o.x), o.n, at<float>(o.y)); }},
      {"gelu",
       {768},
       8,
       [](const RowKernels& r, Operands& o) { r.gelu(at<float>(o.x), o.n, at<float>(o.y)); }},
      {"relu",
       {768},
       8,
       [](const RowKernels& r, Operands& o) { r.relu(at<float>(o.x), o.n, at<float>(o.y)); }},
      {"add",
       {768},
       12,
       [](const RowKernels& r, Operands& o) {
         r.add(at<float>(o.x), at<float>(o.beta), o.n, at<float>(o.y));
       }},
      {"min_max",
       {768},
       4,
       [](const RowKernels& r, Operands& o) { r.min_max(at<float>(o.x), o.n, &o.lo, &o.hi); }},
      {"center_scale_min_max",
       {768},
       16,
       [](const RowKernels& r, Operands& o) {
         r.center_scale_min_max({at<float>(o.x), at<float>(o.beta), at<float>(o.gamma)}, o.n,
                                at<float>(o.y), &o.lo, &o.hi);
       }},
      {"quantize_u8",
       {768},
       5,
       [](const RowKernels& r, Operands& o) {
         r.quantize_u8(at<float>(o.x), o.n, -3, 42.5F, 255, at<std::uint8_t>(o.u8));
       }},
      {"quantize_s8",
       {768},
       5,
       [](const RowKernels& r, Operands& o) {
         r.quantize_s8(at<float>(o.x), o.n, 42, 127, at<std::int8_t>(o.s8));
       }},
      {"linear_epilogue",
       {768},
       20,
       [](const RowKernels& r, Operands& o) {
         r.linear_epilogue(at<std::int32_t>(o.acc), o.n,
                           {0.01F, -3, at<float>(o.gamma), at<float>(o.beta), at<float>(o.x)},
                           at<float>(o.y));
       }},
  };
  return kCases;
}

void measure(benchmark::State& state, const Case& kernel, std::int64_t n,
             const CpuFeatures& features) {
  Operands operands(n);
  const RowKernels& rows = vitq::row_kernels(features);
  for ([[maybe_unused]] const auto& step : state) {
    kernel.run(rows, operands);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * n * kernel.bytes);
}

void add_benchmarks(const std::string& tier, const CpuFeatures& features) {
  for (const Case& kernel : cases()) {
    for (const std::int64_t n : kernel.lengths) {
      const std::string name = kernel.name + "/" + std::to_string(n) + "/" + tier;
      benchmark::RegisterBenchmark(name.c_str(), [&kernel, n, features](benchmark::State& s) {
        measure(s, kernel, n, features);
      });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add_benchmarks("baseline", {});
  if (vitq::cpu().avx2) add_benchmarks("avx2", {.avx2 = true});
  if (vitq::cpu().avx512) add_benchmarks("avx512", {.avx2 = true, .avx512 = true});
  benchmark::AddCustomContext("isa", std::string(vitq::best_isa(vitq::cpu()).name));
  benchmark::RunSpecifiedBenchmarks();
}
