// SPDX-License-Identifier: Apache-2.0
// Our own layers match the oracle at every tail, also where a library's would be preferred. They
// give the same bits for any number of threads.
#include "kernels/blocked/blocked.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/team.h"
#include "kernels/backend.h"
#include "support/graph_check.h"
#include "vitq/plan.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// The kernel of ours for a step that has one; plain loops for the rest.
std::unique_ptr<Kernel> own_kernel(const Step& step, const KernelContext& context) {
  for (const MakeKernel make : {make_blocked_linear, make_blocked_matmul, make_blocked_conv,
                                make_blocked_pool, make_blocked_integer_linear}) {
    if (std::unique_ptr<Kernel> kernel = make(step, context)) return kernel;
  }
  return make_kernel(Backend::kReference, step, context);
}

// The plan's first output, by those kernels.
std::vector<float> run_plan(const Plan& plan, std::span<const Tensor> inputs, int threads) {
  const std::shared_ptr<WeightCache> cache = make_weight_cache();
  const KernelContext context = make_context(Backend::kReference, plan, threads, *cache);
  Tensor arena({plan.arena_bytes}, DType::kU8);
  std::vector<std::byte*> buffers;
  for (const Buffer& buffer : plan.buffers) {
    const auto index = static_cast<std::size_t>(buffer.offset);
    switch (buffer.home) {
      case Buffer::Home::kArena: buffers.push_back(arena.data() + buffer.offset); break;
      case Buffer::Home::kConstant:
        buffers.push_back(const_cast<std::byte*>(plan.constants[index].data()));
        break;
      case Buffer::Home::kInput:
        buffers.push_back(const_cast<std::byte*>(inputs[index].data()));
        break;
    }
  }
  Team team(threads);
  for (const Step& step : plan.steps) {
    const std::unique_ptr<Kernel> kernel = own_kernel(step, context);
    CHECK(kernel->name() != "reference");
    Tensor workspace({kernel->workspace_bytes()}, DType::kU8);
    const std::unique_ptr<KernelState> state = kernel->make_state();
    kernel->run({buffers, workspace.data(), state.get(), team});
  }
  const View& out = plan.outputs[0].view;
  const float* values = data_of<float>(buffers, out);
  return {values, values + out.dims.elements()};
}

// Runs what `trace` makes on 1, 2 and 5 threads.
template <typename Trace>
void check_trace(unsigned seed, const Trace& trace) {
  CAPTURE(seed);
  Random random(seed);
  Graph graph;
  const Value result = trace(Scope(graph), random);
  graph.set_outputs({{"result", result.id}});
  const Weights weights = random_weights(random, graph);
  const std::vector<Tensor> inputs = random_inputs(random, graph);
  const auto expected = oracle::evaluate(graph, weights, inputs);
  const Plan plan = lower(graph, weights, Scheme::float32(), {});
  const std::vector<float> found = run_plan(plan, inputs, 1);
  const double error = distance(found, expected[static_cast<std::size_t>(result.id)].values);
  INFO(error, "\n", to_text(graph));
  CHECK(error <= tolerance(graph));
  for (const int threads : {2, 5}) CHECK(run_plan(plan, inputs, threads) == found);
}

}  // namespace

TEST_CASE("linear layers of our own match the oracle at every tail and with every epilogue") {
  unsigned seed = 0;
  for (const std::int64_t k : {1, 3, 64, 383, 385, 800}) {
    for (const std::int64_t n : {1, 7, 16, 33, 100}) {
      check_trace(++seed, [&](const Scope& s, Random& random) {
        const Value x = input(s.graph(), "x", {pick(random, 1, 3), pick(random, 1, 40), k});
        const Bias bias = seed % 2 == 0 ? Bias::kNo : Bias::kYes;
        Value y = linear(s / "a", x, n, bias);
        if (seed % 3 == 0) y = y + linear(s / "b", x, n);
        return activate(y, static_cast<Act>(seed % 4));
      });
    }
  }
  check_trace(100, [](const Scope& s, Random&) {
    return linear(s / "a", input(s.graph(), "x", {1, 500, 40}), 600);  // more rows than a block
  });
}

TEST_CASE("linear layers of our own read rows that are apart") {
  check_trace(1, [](const Scope& s, Random&) {
    const Value x = input(s.graph(), "x", {3, 5, 20});
    return linear(s / "a", slice(x, 1, 0, 1), 9);
  });
  check_trace(2, [](const Scope& s, Random&) {
    const Value x = input(s.graph(), "x", {2, 3, 9, 8});
    return linear(s / "a", slice(slice(x, 2, 1, 8), 1, 0, 2), 70);
  });
}

TEST_CASE("convolutions of our own match the oracle with stride, padding and dilation") {
  for (unsigned seed = 0; seed < 40; ++seed) {
    check_trace(seed, [&](const Scope& s, Random& random) {
      const std::int64_t channels[] = {1, 3, 8, 17, 130};
      const Value image =
          input(s.graph(), "image",
                {pick(random, 1, 2), channels[seed % 5], pick(random, 7, 13), pick(random, 7, 13)});
      const int kernel = seed % 4 == 0 ? 7 : 3;
      const Value x = conv2d(s / "first", image, {.channels = channels[seed % 5]});
      const Value y = conv2d(s / "conv", x,
                             {.channels = pick(random, 1, 40),
                              .kernel = kernel,
                              .stride = static_cast<int>(pick(random, 1, 3)),
                              .pad = static_cast<int>(pick(random, kernel == 7 ? 3 : 0, 3)),
                              .dilation = kernel == 3 ? static_cast<int>(pick(random, 1, 2)) : 1});
      return activate(y, seed % 2 == 0 ? Act::kRelu : Act::kNone);
    });
  }
}

TEST_CASE("blocks of a residual network match the oracle by kernels of our own") {
  for (unsigned seed = 0; seed < 4; ++seed) {
    check_trace(seed, [&](const Scope& s, Random& random) {
      const Value image = input(s.graph(), "image", {2, 3, pick(random, 20, 30), 23});
      Value x = conv2d(s / "stem", image, {.channels = 8, .kernel = 7, .stride = 2, .pad = 3});
      x = max_pool(activate(x, Act::kRelu), {});
      const Value y = conv2d(s / "conv", x, {.channels = 8, .kernel = 3, .pad = 1});
      return activate(x + y, Act::kRelu);
    });
  }
}

TEST_CASE("products of two activations by kernels of our own match the oracle") {
  for (unsigned seed = 0; seed < 12; ++seed) {
    check_trace(seed, [&](const Scope& s, Random& random) {
      const std::int64_t d = pick(random, 1, 70);
      const Shape left = {pick(random, 1, 3), pick(random, 1, 3), pick(random, 1, 60), d};
      const Shape right = {left[0], left[1], pick(random, 1, 60), d};
      const Value q = input(s.graph(), "q", left);
      const Value k = input(s.graph(), "k", right);
      const Value p = softmax(matmul_transposed(s / "qk", q, k, 0.3F));
      return permute(matmul(s / "av", p, k), {0, 2, 1, 3});
    });
  }
}
