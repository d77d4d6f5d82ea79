// SPDX-License-Identifier: Apache-2.0
// Products on codes equal 64-bit sums for any codes, the worst included, on every path that this
// machine has. CTest runs this file once more for each tier that VITQ_ISA names.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "core/cpu.h"
#include "integer_support.h"
#include "kernels/split.h"
#include "vitq/error.h"
#include "vitq/layers.h"
#include "vitq/plan.h"
#include "vitq/session.h"

using namespace vitq;

namespace {

// Codes of 8 bits that stand for themselves. `lo` is that of activations, and empty for weights.
QParams unit_codes(std::vector<float> lo) {
  return {.bits = 8,
          .range = Range::kStatic,
          .scale = {1.0F},
          .lo = std::move(lo),
          .smoothing_scale = {},
          .channel_offset = {}};
}

// The layer's input codes are its input and all scales are 1, so its output is the sum.
std::vector<float> run_layer(const Acts& x, const Codes& w, std::int64_t n, std::int64_t k,
                             Backend backend) {
  const auto m = static_cast<std::int64_t>(x.size()) / k;
  Graph graph;
  const Value in = input(graph, "x", {m, k});
  const Value out = linear(Scope(graph) / "layer", in, n, Bias::kNo);
  graph.set_outputs({{"y", out.id}});
  Weights stored;
  Tensor codes({n, k}, DType::kS8);
  std::copy(w.begin(), w.end(), codes.as<std::int8_t>().begin());
  stored.tensors["layer.weight"] = codes;
  Scheme scheme;
  scheme.set({out.id, 0}, unit_codes({0.0F}));
  scheme.set({out.id, 1}, unit_codes({}));
  auto plan = std::make_shared<const Plan>(lower(graph, stored, scheme, {}));
  Session session(plan, {.threads = 1, .backend = backend});
  Tensor values({m, k}, DType::kF32);
  std::copy(x.begin(), x.end(), values.as<float>().begin());
  const std::span<const float> y = session.run(values)[0].as<float>();
  return {y.begin(), y.end()};
}

void check_layer(std::int64_t m, std::int64_t n, std::int64_t k, Fill fill) {
  std::mt19937 random(static_cast<unsigned>(m * 31 + n * 7 + k));
  const Acts x = acts(m * k, fill, random);
  const Codes w = weights(n * k, 127, fill, random);
  const std::vector<std::int64_t> expected = exact_sums(x, w, n, k);
  for (const Backend backend : {Backend::kFast, Backend::kReference}) {
    const std::vector<float> found = run_layer(x, w, n, k, backend);
    CAPTURE(m);
    CAPTURE(n);
    CAPTURE(k);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      REQUIRE(found[i] == static_cast<float>(expected[i]));
    }
  }
}

}  // namespace

TEST_CASE("integer layers equal 64-bit sums, for the largest codes too") {
  for (const Fill fill : {Fill::kRandom, Fill::kAllTop, Fill::kAlternating}) {
    for (const std::int64_t k : {1, 2, 3, 15, 64, 65, 192, 257, 258, 333, 768, 1029}) {
      for (const std::int64_t n : {1, 10, 64, 193}) check_layer(7, n, k, fill);
    }
    check_layer(197, 192, 3072, fill);
    for (const std::int64_t m : {1, 2, 3, 50, 51, 52, 53, 103}) check_layer(m, 40, 68, fill);
    check_layer(1200, 600, 8, fill);   // panels, the last one shorter
    check_layer(1025, 1024, 5, fill);  // of one row
  }
}

TEST_CASE("the split keeps every weight and leaves no pair that could saturate") {
  std::mt19937 random(5);
  for (const std::int32_t top : {255, 127, 63}) {
    const std::int32_t limit = 32767 / top;
    for (const std::int64_t k : {1, 2, 7, 192}) {
      const std::int64_t n = 50;
      const Codes codes = weights(n * k, 127, Fill::kRandom, random);
      const SplitWeights split = split_pairs(codes, k, top);
      std::vector<int> sum(split.dense.begin(), split.dense.end());
      for (std::int64_t o = 0; o < n; ++o) {
        const auto row = static_cast<std::size_t>(o);
        for (auto i = split.rest.begin[row]; i < split.rest.begin[row + 1]; ++i) {
          const auto entry = static_cast<std::size_t>(i);
          sum[static_cast<std::size_t>(o * k + split.rest.column[entry])] +=
              split.rest.value[entry];
        }
        for (std::int64_t c = 0; c + 1 < k; c += k % 4 == 0 ? 2 : 1) {
          const int a = split.dense[static_cast<std::size_t>(o * k + c)];
          const int b = split.dense[static_cast<std::size_t>(o * k + c + 1)];
          REQUIRE(std::max(a, 0) + std::max(b, 0) <= limit);
          REQUIRE(std::min(a, 0) + std::min(b, 0) >= -limit);
        }
      }
      for (std::size_t i = 0; i < codes.size(); ++i) REQUIRE(sum[i] == codes[i]);
    }
  }
}

TEST_CASE("weights of seven bits are never split") {
  std::mt19937 random(6);
  const Codes codes = weights(40 * 192, 63, Fill::kAllTop, random);
  CHECK(split_pairs(codes, 192, 255).rest.empty());
}

TEST_CASE("a layer whose sums could overflow is refused") {
  const std::int64_t k = 66'312;
  Graph graph;
  const Value out = linear(Scope(graph) / "layer", input(graph, "x", {1, k}), 1, Bias::kNo);
  graph.set_outputs({{"y", out.id}});
  Weights stored;
  stored.tensors["layer.weight"] = Tensor({1, k}, DType::kS8);
  Scheme scheme;
  scheme.set({out.id, 0}, {});
  scheme.set({out.id, 1}, unit_codes({}));
  CHECK_THROWS_AS((void)lower(graph, stored, scheme, {}), UnsupportedError);
}
