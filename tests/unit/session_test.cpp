// SPDX-License-Identifier: Apache-2.0
// Sessions: what they refuse, share, observe, leave alone and report.
#include <doctest/doctest.h>

#include <thread>

#include "plan/fuse.h"
#include "plan/prune.h"
#include "support/graph_check.h"
#include "vitq/error.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// Attention over five tokens of which only the first is read, then two layers.
struct Network {
  Graph graph;
  NodeId queries = 0;
  NodeId fc1 = 0;
  NodeId act = 0;
  NodeId sum = 0;

  Network() {
    const Scope s(graph);
    const Value x = input(graph, "x", {2, 5, 8});
    const Value q = linear(s / "q", x, 8);
    const Value p = softmax(matmul_transposed(s / "qk", q, x, 0.35F));
    const Value y = x + matmul(s / "av", p, x);
    const Value hidden = linear(s / "fc1", layer_norm(s / "norm", y, 1e-6F), 16);
    const Value active = activate(hidden, Act::kGelu);
    const Value z = y + linear(s / "fc2", active, 8);
    graph.set_outputs({{"row", slice(z, 1, 0, 1).id}});
    queries = q.id;
    fc1 = hidden.id;
    act = active.id;
    sum = z.id;
  }
};

std::shared_ptr<const Plan> plan_of(const Network& net, const Weights& weights,
                                    const LowerOptions& options = {}) {
  return std::make_shared<const Plan>(lower(net.graph, weights, Scheme::float32(), options));
}

std::vector<float> values_of(const Tensor& tensor) {
  const auto all = tensor.as<float>();
  return {all.begin(), all.end()};
}

std::int64_t all_macs(const Session& session) {
  std::int64_t sum = 0;
  for (const StepProfile& step : session.profile()) sum += step.macs;
  return sum;
}

const SessionOptions kReferenceOptions = {.threads = 1, .backend = Backend::kReference};

}  // namespace

TEST_CASE("inputs of another shape, type or number are refused in words") {
  Random random(1);
  const Network net;
  Session session(plan_of(net, random_weights(random, net.graph)), kReferenceOptions);
  const std::vector<Tensor> two(2, Tensor({2, 5, 8}, DType::kF32));
  CHECK_THROWS_WITH_AS(session.run(two), "the network takes 1 inputs, not 2", ShapeError);
  CHECK_THROWS_WITH_AS(session.run(Tensor({2, 5, 7}, DType::kF32)),
                       "input 0: expected f32 [2, 5, 8], found f32 [2, 5, 7]", ShapeError);
  CHECK_THROWS_WITH_AS(session.run(Tensor({2, 5, 8}, DType::kU8)),
                       "input 0: expected f32 [2, 5, 8], found u8 [2, 5, 8]", ShapeError);
}

TEST_CASE(
    "a session that would need more memory than it is granted says how much, and takes none") {
  Random random(1);
  const Network net;
  const auto plan = plan_of(net, random_weights(random, net.graph));
  SessionOptions options = {.threads = 1, .backend = Backend::kReference};  // needs no workspace
  options.memory_bytes = plan->arena_bytes;
  CHECK_NOTHROW(Session(plan, options));
  options.memory_bytes = plan->arena_bytes - 1;
  CHECK_THROWS_AS(Session(plan, options), LimitError);
  Plan vast = *plan;
  vast.arena_bytes = std::int64_t{1} << 60;
  CHECK_THROWS_WITH_AS(
      Session(std::make_shared<const Plan>(vast), {.threads = 1, .memory_bytes = 5'000'000}),
      "an input of this size needs 1152921504606 MB for intermediate results; there are 5",
      LimitError);
  CHECK_THROWS_AS(Session(std::make_shared<const Plan>(vast), {.threads = 1}), LimitError);
}

TEST_CASE("two sessions of one plan on two threads give the same bits") {
  Random random(2);
  const Network net;
  const auto plan = plan_of(net, random_weights(random, net.graph));
  const Tensor x = random_tensor(random, {2, 5, 8});
  std::vector<float> results[2];
  const auto work = [&](std::size_t i) {
    Session session(plan, {.threads = 1});
    for (int run = 0; run < 50; ++run) results[i] = values_of(session.run(x)[0]);
  };
  std::thread other(work, std::size_t{1});
  work(0);
  other.join();
  CHECK(results[0].size() == 2 * 8);
  CHECK(results[0] == results[1]);
}

TEST_CASE("sessions that have helpers give one thread's bits to several callers at a time") {
  Random random(4);
  const Network net;
  const auto plan = plan_of(net, random_weights(random, net.graph));
  const Tensor x = random_tensor(random, {2, 5, 8});
  Session alone(plan, kReferenceOptions);
  const std::vector<float> expected = values_of(alone.run(x)[0]);
  const auto shared = std::make_shared<const Executable>(
      plan, SessionOptions{.threads = 3, .backend = Backend::kReference});
  std::vector<int> same(4, 0);
  {
    std::vector<std::jthread> callers;
    for (int& count : same) {
      callers.emplace_back([&] {
        Session session(shared);
        for (int run = 0; run < 50; ++run) {
          if (values_of(session.run(x)[0]) == expected) ++count;
        }
      });
    }
  }
  CHECK(same == std::vector<int>(4, 50));
}

TEST_CASE("pruning changes no bit on the reference backend, and saves multiplications") {
  Random random(3);
  const Network net;
  const Weights weights = random_weights(random, net.graph);
  const Tensor x = random_tensor(random, {2, 5, 8});
  Session whole(plan_of(net, weights, {.prune = false, .observe = {}}), kReferenceOptions);
  Session pruned(plan_of(net, weights), kReferenceOptions);
  const std::vector<float> expected = values_of(whole.run(x)[0]);
  CHECK(expected.size() == 2 * 8);
  CHECK(values_of(pruned.run(x)[0]) == expected);
  CHECK(all_macs(pruned) < all_macs(whole));
}

TEST_CASE("of what only feeds the first row, only the first row is computed") {
  const Network net;
  const auto rows = rows_read(net.graph);
  const AxisSpan first = {1, 0, 1};
  for (const NodeId id : {net.queries, net.fc1, net.act, net.sum}) {
    REQUIRE(rows[static_cast<std::size_t>(id)].has_value());
    CHECK(*rows[static_cast<std::size_t>(id)] == first);
  }
}

TEST_CASE("products take over the sum and the activation that follow, in this order only") {
  Graph graph;
  const Scope s(graph);
  const Value x = input(graph, "x", {1, 4, 8});
  const Value a = linear(s / "a", x, 8);
  const Value sum = a + x;
  const Value active = activate(sum, Act::kRelu);
  const Value b = activate(linear(s / "b", active, 8), Act::kGelu);
  const Value c = b + active;
  graph.set_outputs({{"c", c.id}});
  const Fusions fusions = fuse(graph, {});
  REQUIRE(fusions.at[static_cast<std::size_t>(active.id)].has_value());
  const Fusion& first = *fusions.at[static_cast<std::size_t>(active.id)];
  CHECK(first.root == a.id);
  CHECK(first.residual == x.id);
  CHECK(first.act == Act::kRelu);
  CHECK(fusions.at[static_cast<std::size_t>(b.id)].has_value());
  CHECK_FALSE(fusions.at[static_cast<std::size_t>(c.id)].has_value());
}

TEST_CASE("a tap sees every observed operand once, with its values, pruned or not") {
  Random random(4);
  const Network net;
  const Weights weights = random_weights(random, net.graph);
  const std::vector<Tensor> x = {random_tensor(random, {2, 5, 8})};
  const auto truth = oracle::evaluate(net.graph, weights, x);
  const std::vector<Site> sites = {{net.fc1, 0}, {net.act, 0}, {net.sum, 1}};
  for (const bool prune : {false, true}) {
    Session session(plan_of(net, weights, {.prune = prune, .observe = sites}), kReferenceOptions);
    std::vector<Site> seen;
    session.run(x, sites, [&](Site site, const Tensor& values) {
      seen.push_back(site);
      const NodeId source = net.graph[site.node].inputs[static_cast<std::size_t>(site.operand)];
      const oracle::Array& expected = truth[static_cast<std::size_t>(source)];
      CHECK(values.shape()[1] == (prune ? 1 : 5));
      // The first row is computed either way.
      const auto first = static_cast<double>(values.as<float>()[0]);
      CHECK(first == doctest::Approx(expected.values[0]).epsilon(1e-4));
    });
    std::sort(seen.begin(), seen.end());
    CHECK(seen == sites);
  }
}

TEST_CASE("a profile names every step, its kernel and its cost") {
  Random random(5);
  const Network net;
  Session session(plan_of(net, random_weights(random, net.graph)),
                  {.threads = 1, .backend = Backend::kReference, .profile = true});
  const Tensor x = random_tensor(random, {2, 5, 8});
  for (int i = 0; i < 20; ++i) session.run(x);
  const std::vector<StepProfile> profile = session.profile();
  REQUIRE(profile.size() == session.plan().steps.size());
  double total = 0.0;
  for (const StepProfile& step : profile) {
    CHECK_FALSE(step.name.empty());
    CHECK_FALSE(step.kernel.empty());
    CHECK(step.bytes > 0);
    CHECK(step.milliseconds >= 0.0);
    total += step.milliseconds;
  }
  CHECK(total > 0.0);
}

TEST_CASE("weights that are missing, misshaped or not finite are all named at once") {
  Random random(6);
  const Network net;
  Weights weights = random_weights(random, net.graph);
  weights.tensors.erase("q.bias");
  weights.tensors["fc1.bias"] = Tensor({15}, DType::kF32);
  weights.tensors["fc2.bias"].as<float>()[3] = std::numeric_limits<float>::infinity();
  weights.tensors["norm.bias"] = Tensor({8}, DType::kS32);
  std::string report;
  try {
    plan_of(net, weights);
  } catch (const WeightError& error) {
    report = error.what();
  }
  INFO(report);
  for (const char* part : {"missing: q.bias [8]", "misshaped: fc1.bias: expected [16], found [15]",
                           "not finite: fc2.bias: element 3", "wrong type: norm.bias"}) {
    CHECK_MESSAGE(report.find(part) != std::string::npos, part);
  }
}
