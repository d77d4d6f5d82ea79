// SPDX-License-Identifier: Apache-2.0
// Many inferences: two threads with one plan between them, each answer the same bits, and memory
// flat.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "support/graph_check.h"
#include "vitq/plan.h"
#include "vitq/session.h"

using namespace vitq;
using namespace vitq::test;

#ifdef __SANITIZE_ADDRESS__
// AddressSanitizer keeps what was freed resident for a while, by default 256 MB of it.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "quarantine_size_mb=1";
}
#endif

namespace {

#ifdef __SANITIZE_THREAD__
constexpr int kRuns = 500;            // each step takes many times as long
constexpr long kGrowth = 64'000'000;  // its record of accesses grows with them
#else
constexpr int kRuns = 5000;
constexpr long kGrowth = 1'000'000;  // a leak of 100 bytes a run would be as much
#endif
// A sanitizer keeps more and more of freed memory at first.
constexpr int kWarm = kRuns / 2;

// One block of a vision transformer on 17 tokens.
void build(Graph& graph) {
  const Scope s(graph);
  const Value x = input(graph, "x", {1, 17, 32});
  const Value n = layer_norm(s / "norm1", x, 1e-6F);
  const Value p = softmax(matmul_transposed(s / "qk", linear(s / "q", n, 32), n, 0.18F));
  const Value y = x + matmul(s / "av", p, n);
  const Value hidden = linear(s / "fc1", layer_norm(s / "norm2", y, 1e-6F), 64);
  const Value z = y + linear(s / "fc2", activate(hidden, Act::kGelu), 32);
  graph.set_outputs({{"tokens", z.id}});
}

long resident_bytes() {
  std::ifstream in("/proc/self/statm");
  long all = 0;
  long resident = 0;
  in >> all >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

// Runs that do not give the first run's bits.
int differing_runs(Session& session, const Tensor& x, int runs) {
  const Tensor first = session.run(x)[0].clone();
  int differing = 0;
  for (int i = 0; i < runs; ++i) {
    const Tensor& again = session.run(x)[0];
    const bool same = std::equal(first.data(), first.data() + first.bytes(), again.data());
    differing += same ? 0 : 1;
  }
  return differing;
}

}  // namespace

TEST_CASE("ten thousand inferences on two threads with one plan: the same bits, memory flat") {
  Random random(11);
  Graph graph;
  build(graph);
  const Weights weights = random_weights(random, graph);
  const auto plan = std::make_shared<const Plan>(lower(graph, weights, Scheme::float32(), {}));
  const Tensor x = random_tensor(random, {1, 17, 32});
  Session mine(plan, {.threads = 1});
  Session others(plan, {.threads = 1});
  const auto both = [&](int runs) {
    int differing = 0;
    std::thread other([&] { differing = differing_runs(others, x, runs); });
    const int own = differing_runs(mine, x, runs);
    other.join();
    CHECK(own == 0);
    CHECK(differing == 0);
  };
  both(kWarm);
  const long before = resident_bytes();
  REQUIRE(before > 0);
  both(kRuns);
  CHECK(resident_bytes() - before < kGrowth);
}
