// SPDX-License-Identifier: Apache-2.0
// This measures GOP/s of the integer product for AVX2 without VNNI, by bits of the weights. Its
// tile runs on data that stays in the first-level cache, which is the limit. Whole products run at
// the shapes of DeiT-Tiny. The layers around them run with all that they do to the sums.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/cpu.h"
#include "kernels/x86/maddubs/pack.h"
#include "vitq/layers.h"
#include "vitq/plan.h"
#include "vitq/quant.h"
#include "vitq/session.h"

namespace {

using namespace vitq;

struct Case {
  std::int64_t m, k, n;
  int bits;

  std::string name() const {
    return std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n) + "/" +
           std::to_string(bits);
  }
  double giga_ops() const { return 2e-9 * static_cast<double>(m * n * k); }
};

constexpr std::int32_t kTopCode = max_code(8);
constexpr Case kTiles[] = {{48, 192, kBlockColumns, 0},  // operands and sums of about 20 KiB
                           {12, 768, kBlockColumns, 0}};
constexpr Case kShapes[] = {{197, 192, 576, 0},   // query, key and value
                            {197, 192, 192, 0},   // projection
                            {197, 192, 768, 0},   // first layer of the MLP
                            {197, 768, 192, 0}};  // second

// Codes [n, k] as weights have them: normally distributed, the largest of a channel at the top.
Tensor weight_codes(const Case& c) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  Tensor codes({c.n, c.k}, DType::kS8);
  const auto to = codes.as<std::int8_t>();
  std::vector<float> channel(static_cast<std::size_t>(c.k));
  for (std::size_t at = 0; at < to.size(); at += channel.size()) {
    float max = 0;
    for (float& weight : channel) max = std::max(max, std::fabs(weight = normal(random)));
    const float scale = static_cast<float>(max_weight_code(c.bits)) / max;
    for (std::size_t i = 0; i < channel.size(); ++i) {
      to[at + i] = static_cast<std::int8_t>(std::lround(channel[i] * scale));
    }
  }
  return codes;
}

std::vector<std::uint8_t> activations(const Case& c) {
  std::mt19937 random(2);
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(c.m * c.k));
  for (std::uint8_t& code : codes) code = static_cast<std::uint8_t>(random() % (kTopCode + 1));
  return codes;
}

void count(benchmark::State& state, const Case& c) {
  state.counters["GOP/s"] = benchmark::Counter(
      c.giga_ops() * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

// Panel by panel, as the layers do, the sums of all panels in the same memory.
void measure_product(benchmark::State& state, const Case& c) {
  const PackedWeights weights(weight_codes(c).as<std::int8_t>(), c.k, kTopCode);
  const std::vector<std::uint8_t> x = activations(c);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(kPanelRows * c.n));
  for ([[maybe_unused]] const auto& step : state) {
    for (std::int64_t row = 0; row < c.m; row += kPanelRows) {
      const std::int64_t rows = std::min(kPanelRows, c.m - row);
      for (std::int64_t block = 0; block < weights.blocks(); ++block) {
        tiles_avx2::multiply(weights.block(block), {x.data() + row * c.k, c.k, rows,
                                                    sums.data() + block * kBlockColumns, c.n});
      }
      benchmark::ClobberMemory();
    }
  }
  count(state, c);
}

std::shared_ptr<const Plan> layer(const Case& c) {
  Graph graph;
  const Value out = linear(Scope(graph) / "layer", input(graph, "x", {c.m, c.k}), c.n, Bias::kNo);
  graph.set_outputs({{"y", out.id}});
  Weights stored;
  stored.tensors["layer.weight"] = weight_codes(c);
  Scheme scheme;
  QParams params = {.bits = 8,
                    .range = Range::kStatic,
                    .scale = {1.0F},
                    .lo = {0.0F},
                    .smoothing_scale = {},
                    .channel_offset = {}};
  scheme.set({out.id, 0}, params);
  params.bits = c.bits;
  params.lo = {};
  scheme.set({out.id, 1}, params);
  return std::make_shared<const Plan>(lower(graph, stored, scheme, {}));
}

double layer_ms(const Session& session) {
  for (const StepProfile& step : session.profile()) {
    if (step.op.starts_with("IntegerLinear")) return step.milliseconds;
  }
  return 0;
}

// Without the step before it, which makes the codes.
void measure_layer(benchmark::State& state, const Case& c) {
  Session session(layer(c), {.threads = 1, .profile = true});
  Tensor x({c.m, c.k}, DType::kF32);
  std::ranges::copy(activations(c), x.as<float>().begin());
  double before = 0;
  for ([[maybe_unused]] const auto& step : state) {
    session.run(x);
    const double now = layer_ms(session);
    state.SetIterationTime(1e-3 * (now - before));
    before = now;
  }
  count(state, c);
}

template <typename Measure>
benchmark::internal::Benchmark* add(const std::string& kind, Case c, int bits,
                                    const Measure& measure) {
  c.bits = bits;
  return benchmark::RegisterBenchmark((kind + c.name()).c_str(),
                                      [=](benchmark::State& state) { measure(state, c); });
}

void add_bits(int bits) {
  for (const Case& tile : kTiles) add("tile/", tile, bits, measure_product);
  for (const Case& shape : kShapes) {
    add("product/", shape, bits, measure_product);
    // Where 8 bits are exact, layers take another product.
    if (!cpu().exact_u8s8()) add("layer/", shape, bits, measure_layer)->UseManualTime();
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  if (!cpu().avx2) {
    std::cerr << "gemm_bench: this CPU has no AVX2\n";
    return 1;
  }
  for (const int bits : {8, 7, 6, 5, 4}) add_bits(bits);
  benchmark::AddCustomContext("isa", std::string(best_isa(cpu()).name));
  benchmark::RunSpecifiedBenchmarks();
}
