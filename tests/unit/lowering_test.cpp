// SPDX-License-Identifier: Apache-2.0
// Every op through lowering and both backends, on random shapes, against the oracle.
#include <doctest/doctest.h>

#include "support/graph_check.h"
#include "vitq/error.h"
#include "vitq/plan.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// Runs `trace` on a fresh graph with each of many seeds.
template <typename Trace>
void for_seeds(unsigned count, const Trace& trace) {
  for (unsigned seed = 0; seed < count; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Graph graph;
    const Value result = trace(Scope(graph), random);
    graph.set_outputs({{"result", result.id}});
    check_graph(graph, random);
  }
}

Value random_image(const Scope& s, Random& random, std::int64_t channels) {
  return input(s.graph(), "image",
               {pick(random, 1, 3), channels, pick(random, 12, 21), pick(random, 12, 21)});
}

Value rows(const Scope& s, Random& random, std::int64_t columns) {
  return input(s.graph(), "rows", {pick(random, 1, 3), pick(random, 1, 9), columns});
}

}  // namespace

TEST_CASE("linear layers with every epilogue match the oracle") {
  for_seeds(12, [](const Scope& s, Random& random) {
    const Value x = rows(s, random, pick(random, 1, 70));
    const Bias bias = pick(random, 0, 1) == 0 ? Bias::kNo : Bias::kYes;
    Value y = linear(s / "a", x, pick(random, 1, 40), bias);
    if (pick(random, 0, 1) == 1) y = y + linear(s / "b", x, y.shape()[-1]);
    return activate(y, static_cast<Act>(pick(random, 0, kActs - 1)));
  });
}

TEST_CASE("the sum of two products keeps both") {
  for_seeds(4, [](const Scope& s, Random& random) {
    const Value x = rows(s, random, 24);
    return linear(s / "a", x, 16) + linear(s / "b", x, 16);
  });
}

TEST_CASE("convolutions with stride, padding and dilation match the oracle") {
  for_seeds(16, [](const Scope& s, Random& random) {
    const int kernel = pick(random, 0, 1) == 0 ? 3 : 7;
    const int dilation = kernel == 3 ? static_cast<int>(pick(random, 1, 2)) : 1;
    const Value x = random_image(s, random, pick(random, 1, 18));
    const Value y = conv2d(s / "conv", x,
                           {.channels = pick(random, 1, 20),
                            .kernel = kernel,
                            .stride = static_cast<int>(pick(random, 1, 2)),
                            .pad = static_cast<int>(pick(random, 0, kernel / 2)),
                            .dilation = dilation});
    return pick(random, 0, 1) == 0 ? y : activate(y, Act::kRelu);
  });
}

TEST_CASE("a bottleneck of a residual network matches the oracle") {
  for_seeds(8, [](const Scope& s, Random& random) {
    const int stride = static_cast<int>(pick(random, 1, 2));
    const Value image = random_image(s, random, 3);
    Value x = activate(
        conv2d(s / "stem", image, {.channels = 8, .kernel = 7, .stride = 2, .pad = 3}), Act::kRelu);
    x = max_pool(x, {});
    Value y = activate(conv2d(s / "conv1", x, {.channels = 4}), Act::kRelu);
    y = activate(conv2d(s / "conv2", y, {.channels = 4, .kernel = 3, .stride = stride, .pad = 1}),
                 Act::kRelu);
    y = conv2d(s / "conv3", y, {.channels = 16});
    y = activate(y + conv2d(s / "down", x, {.channels = 16, .stride = stride}), Act::kRelu);
    // And one whose shortcut is the input itself.
    const Value z = conv2d(s / "conv4", y, {.channels = 16, .kernel = 3, .pad = 1});
    return activate(y + z, Act::kRelu);
  });
}

TEST_CASE("images become tokens, whatever their layout in memory") {
  for_seeds(8, [](const Scope& s, Random& random) {
    const Value image = random_image(s, random, 3);
    const int kernel = pick(random, 0, 1) == 0 ? 4 : 3;
    const Value x =
        conv2d(s / "proj", image, {.channels = 10, .kernel = kernel, .stride = 4, .pad = 0});
    const Shape& d = x.shape();
    const Value tokens = permute(reshape(x, {d[0], d[1], d[2] * d[3]}), {0, 2, 1});
    return layer_norm(s / "norm", linear(s / "fc", tokens, 12), 1e-5F);
  });
}

TEST_CASE("pools match the oracle") {
  for_seeds(8, [](const Scope& s, Random& random) {
    const int kernel = static_cast<int>(pick(random, 2, 3));
    const Value x = random_image(s, random, pick(random, 1, 9));
    return max_pool(x, {.kernel = kernel,
                        .stride = static_cast<int>(pick(random, 1, 2)),
                        .pad = static_cast<int>(pick(random, 0, kernel / 2))});
  });
}

TEST_CASE("channels-last images are sliced, permuted and laid side by side") {
  for_seeds(12, [](const Scope& s, Random& random) {
    const Value image = random_image(s, random, 3);
    const Value x = conv2d(s / "a", image, {.channels = 6, .kernel = 3, .pad = 1});
    const int axis = static_cast<int>(pick(random, 1, 3));
    const std::int64_t half = x.shape()[axis] / 2;
    const Value part = slice(x, axis, half, half + pick(random, 1, half));
    Value y = concat(x, part, axis);
    if (pick(random, 0, 1) == 1) y = permute(y, {0, 2, 3, 1});
    return activate(scale(y, 0.5F), static_cast<Act>(pick(random, 1, kActs - 1)));
  });
}

TEST_CASE("sums and products stretch either operand along any axis") {
  for_seeds(32, [](const Scope& s, Random& random) {
    const Shape whole = {pick(random, 1, 3), pick(random, 1, 5), pick(random, 1, 7)};
    Shape left = whole;
    Shape right = whole;
    for (int axis = 0; axis < 3; ++axis) {
      if (pick(random, 0, 2) == 0) left = left.with(axis, 1);
      if (pick(random, 0, 2) == 0) right = right.with(axis, 1);
    }
    const Value a = input(s.graph(), "left", left);
    const Value b = input(s.graph(), "right", right);
    const Value both = pick(random, 0, 1) == 0 ? a + b : a * b;
    return softmax(both + s.param("positions", {1, both.shape()[1], both.shape()[2]}));
  });
}

TEST_CASE("the sine of angles that are rows or columns matches the oracle") {
  for_seeds(6, [](const Scope& s, Random& random) {
    const Value x = scale(rows(s, random, 11), 4.0F);
    return sine(pick(random, 0, 1) == 0 ? x : permute(x, {0, 2, 1}));
  });
}

TEST_CASE("a grid of positions is resampled, and what stands beside it stays") {
  for_seeds(12, [](const Scope& s, Random& random) {
    const op::Resample grid = {.begin = pick(random, 0, 2),
                               .from_height = pick(random, 1, 4),
                               .from_width = pick(random, 1, 6),
                               .height = pick(random, 1, 7),
                               .width = pick(random, 1, 5)};
    const std::int64_t count = grid.begin + grid.from_height * grid.from_width;
    const Value made = resample(s.param("positions", {2, 1, count + pick(random, 0, 3), 5}), grid);
    const Value second = reshape(slice(made, 0, 1, 2), {1, made.shape()[2], 5});
    return input(s.graph(), "rows", {2, made.shape()[2], 5}) + second;
  });
}

TEST_CASE("only weights are resampled, and only grids within them") {
  Graph graph;
  const Value x = input(graph, "x", {1, 6, 4});
  CHECK_THROWS_AS(
      resample(x, {.begin = 1, .from_height = 2, .from_width = 3, .height = 2, .width = 2}),
      ShapeError);
  const Value made =
      resample(x, {.begin = 0, .from_height = 2, .from_width = 3, .height = 2, .width = 2});
  graph.set_outputs({{"y", made.id}});
  CHECK_THROWS_AS(lower(graph, {}, Scheme::float32(), {}), UnsupportedError);
}

TEST_CASE("gates and gains are element-wise products") {
  for_seeds(8, [](const Scope& s, Random& random) {
    const Value x = rows(s, random, pick(random, 2, 40));
    const std::int64_t half = x.shape()[2] / 2;
    const Value gated = activate(slice(x, 2, 0, half), Act::kSilu) * slice(x, 2, half, 2 * half);
    return linear(s / "fc", gated * s.param("gain", {1, 1, half}), 5);
  });
}

TEST_CASE("means over tokens match the oracle") {
  for_seeds(12, [](const Scope& s, Random& random) {
    const Value x = rows(s, random, pick(random, 1, 150));
    const std::int64_t tokens = x.shape()[1];
    const Value some = slice(x, 1, pick(random, 0, tokens - 1), tokens);
    return linear(s / "fc", mean(pick(random, 0, 1) == 0 ? some : x + x), 3);
  });
}

TEST_CASE("norms of the heads of queries match the oracle") {
  for_seeds(6, [](const Scope& s, Random& random) {
    const Value x = rows(s, random, 24);
    const Shape d = x.shape();
    const Value heads = permute(reshape(linear(s / "q", x, 24), {d[0], d[1], 3, 8}), {0, 2, 1, 3});
    const Value q = layer_norm(s / "q_norm", heads, 1e-5F);
    return matmul_transposed(s / "qk", q, heads, 0.3F);
  });
}

TEST_CASE("products of two activations match the oracle") {
  for_seeds(12, [](const Scope& s, Random& random) {
    const std::int64_t d = pick(random, 1, 20);
    const Shape left = {pick(random, 1, 3), pick(random, 1, 3), pick(random, 1, 12), d};
    const Shape right = {left[0], left[1], pick(random, 1, 12), d};
    const Value q = input(s.graph(), "q", left);
    const Value k = input(s.graph(), "k", right);
    const Value p = softmax(matmul_transposed(s / "qk", q, k, 0.3F));
    return permute(matmul(s / "av", p, k), {0, 2, 1, 3});
  });
}

TEST_CASE("an activation reads rows that are not contiguous") {
  for_seeds(8, [](const Scope& s, Random& random) {
    const Value x = rows(s, random, 5);
    const Value column = slice(x, 2, 2, 3);
    const Value flat = reshape(column, {x.shape()[0], x.shape()[1]});
    return activate(flat, static_cast<Act>(pick(random, 1, 3)));
  });
}

TEST_CASE("rows become as long as 1 before a layer, whatever their stride") {
  for_seeds(8, [](const Scope& s, Random& random) {
    Value x = rows(s, random, pick(random, 1, 40));
    if (pick(random, 0, 1) == 1) x = permute(x, {0, 2, 1});
    const Value unit = unit_length(slice(x, 1, 0, 1));
    return pick(random, 0, 1) == 1 ? linear(s / "head", unit, 5) : unit;
  });
}

TEST_CASE("a row of zeros stays one where rows become as long as 1") {
  Graph graph;
  const Value x = input(graph, "x", {2, 2});
  graph.set_outputs({{"unit", unit_length(x).id}});
  Session session(std::make_shared<const Plan>(lower(graph, {}, Scheme::float32(), {})), {});
  Tensor given({2, 2}, DType::kF32);
  given.as<float>()[2] = 3.0F;
  given.as<float>()[3] = -4.0F;
  const Tensor found = session.run(given)[0];
  CHECK(found.as<float>()[0] == 0.0F);
  CHECK(found.as<float>()[1] == 0.0F);
  CHECK(found.as<float>()[2] == 0.6F);
  CHECK(found.as<float>()[3] == -0.8F);
}

TEST_CASE("a graph may give back its input") {
  for_seeds(1, [](const Scope& s, Random& random) { return rows(s, random, 4); });
}

TEST_CASE("plans of one network share what is made of its weights") {
  Weights weights;
  weights.tensors["coded.weight"] = Tensor({6, 8}, DType::kS8);
  weights.tensors["coded.bias"] = Tensor({6}, DType::kF16);
  weights.tensors["float.weight"] = Tensor({4, 6}, DType::kF16);
  const auto plan = [&](std::int64_t batch, WeightCache* cache) {
    Graph graph;
    const Value x = input(graph, "x", {batch, 3, 8});
    const Value coded = linear(Scope(graph) / "coded", x, 6);
    const Value out = linear(Scope(graph) / "float", coded, 4, Bias::kNo);
    graph.set_outputs({{"out", out.id}});
    QParams act;
    act.smoothing_scale.assign(8, 2.0F);
    QParams weight;
    weight.range = Range::kStatic;
    weight.scale = {0.5F};
    Scheme scheme;
    scheme.set({coded.id, 0}, act);
    scheme.set({coded.id, 1}, weight);
    return lower(graph, weights, scheme, {}, cache);
  };
  const std::shared_ptr<WeightCache> cache = make_weight_cache();
  const Plan one = plan(1, cache.get());
  const Plan two = plan(2, cache.get());
  const Plan apart = plan(2, nullptr);
  REQUIRE(one.constants.size() == 7);  // codes, three terms of a sum, two of a coding, a matrix
  REQUIRE(two.constants.size() == 7);
  REQUIRE(apart.constants.size() == 7);
  for (std::size_t i = 0; i < one.constants.size(); ++i) {
    CHECK(one.constants[i].data() == two.constants[i].data());
    // Codes of 8 bits are the weights' own in every plan.
    const bool own = one.constants[i].data() == weights.at("coded.weight").data();
    CHECK((one.constants[i].data() == apart.constants[i].data()) == own);
  }
}
