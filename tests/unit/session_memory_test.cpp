// SPDX-License-Identifier: Apache-2.0
// A session's run allocates nothing of its own, and keeps nothing. operator new is replaced here,
// hence the executable of its own.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>

#include "support/graph_check.h"
#include "vitq/plan.h"

namespace {

std::atomic<bool> counting = false;
std::atomic<long> own_allocations = 0;

// Whether the code at this address belongs to oneDNN, which allocates what it frees again.
bool in_onednn(void* address) {
  Dl_info info = {};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return false;
  return std::string_view(info.dli_fname).find("libdnnl") != std::string_view::npos;
}

void* try_allocate(std::size_t bytes, void* caller) {
  if (counting && !in_onednn(caller)) ++own_allocations;
  return std::malloc(bytes == 0 ? 1 : bytes);
}

void* allocate(std::size_t bytes, void* caller) {
  if (void* memory = try_allocate(bytes, caller)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t bytes) {
  return allocate(bytes, __builtin_return_address(0));
}
void* operator new[](std::size_t bytes) {
  return allocate(bytes, __builtin_return_address(0));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return try_allocate(bytes, __builtin_return_address(0));
}
// Not inlined, for gcc would see memory of new go to free.
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

using namespace vitq;
using namespace vitq::test;

namespace {

// One of everything that sessions run.
Graph network() {
  Graph graph;
  const Scope s(graph);
  const Value image = input(graph, "image", {1, 3, 16, 16});
  const Value stem =
      activate(conv2d(s / "stem", image, {.channels = 8, .kernel = 3, .pad = 1}), Act::kRelu);
  const Value pooled = max_pool(stem, {});
  const Value x = permute(reshape(pooled, {1, 8, 64}), {0, 2, 1});
  const Value p = softmax(matmul_transposed(s / "qk", linear(s / "q", x, 8), x, 0.3F));
  const Value y = x + matmul(s / "av", p, layer_norm(s / "norm", x, 1e-6F));
  const Value z = linear(s / "fc", activate(concat(y, x, 1), Act::kGelu), 4);
  graph.set_outputs({{"z", scale(z, 0.5F).id}});
  return graph;
}

void check_runs(Backend backend, int threads) {
  Random random(7);
  const Graph graph = network();
  const auto plan = std::make_shared<const Plan>(
      lower(graph, random_weights(random, graph), Scheme::float32(), {}));
  Session session(plan, {.threads = threads, .backend = backend, .profile = true});
  const std::vector<Tensor> inputs = random_inputs(random, graph);
  for (int i = 0; i < 10; ++i) session.run(inputs);
  const std::size_t before = mallinfo2().uordblks;
  own_allocations = 0;
  counting = true;
  for (int i = 0; i < 1000; ++i) session.run(inputs);
  counting = false;
  CHECK(own_allocations == 0);
  CHECK(mallinfo2().uordblks == before);
}

}  // namespace

TEST_CASE("the counter sees an allocation") {
  own_allocations = 0;
  counting = true;
  auto* volatile leak = new std::vector<int>(3);
  counting = false;
  delete leak;
  CHECK(own_allocations == 2);
}

TEST_CASE("a thousand runs of the fastest kernels allocate nothing of ours and keep nothing") {
  check_runs(Backend::kFast, 1);
}

TEST_CASE("a thousand runs of plain loops allocate nothing") {
  check_runs(Backend::kReference, 1);
}
