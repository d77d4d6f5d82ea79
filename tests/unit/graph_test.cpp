// SPDX-License-Identifier: Apache-2.0
// Tracing: names, shape rules and what they refuse, weights in use twice, and listings.
#include <doctest/doctest.h>

#include <string>

#include "vitq/error.h"
#include "vitq/layers.h"

using namespace vitq;

namespace {

// The message that `body` throws a ShapeError with.
template <typename Body>
std::string refusal(const Body& body) {
  try {
    body();
  } catch (const ShapeError& error) {
    return error.what();
  }
  return "nothing was refused";
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("scopes put names together with dots") {
  Graph graph;
  const Scope root(graph);
  CHECK(root.path().empty());
  CHECK((root / "blocks" / 3 / "mlp").path() == "blocks.3.mlp");
  const Value weight = (root / "head").param("weight", {2, 3});
  CHECK(graph[weight.id].name == "head.weight");
}

TEST_CASE("every op infers its shape") {
  Graph graph;
  const Scope s(graph);
  const Value image = input(graph, "image", {2, 3, 21, 30});
  const Value rows = input(graph, "rows", {2, 5, 8});
  CHECK(linear(s / "fc", rows, 7).shape() == Shape{2, 5, 7});
  CHECK(layer_norm(s / "norm", rows, 1e-6F).shape() == Shape{2, 5, 8});
  CHECK(softmax(rows).shape() == Shape{2, 5, 8});
  CHECK(scale(activate(rows, Act::kRelu), 2.0F).shape() == Shape{2, 5, 8});
  CHECK(matmul_transposed(s / "qk", rows, rows, 1.0F).shape() == Shape{2, 5, 5});
  CHECK(matmul(s / "av", rows, permute(rows, {0, 2, 1})).shape() == Shape{2, 5, 5});
  CHECK((rows + input(graph, "row", {1, 5, 1})).shape() == Shape{2, 5, 8});
  CHECK(concat(input(graph, "token", {1, 1, 8}), rows, 1).shape() == Shape{2, 6, 8});
  CHECK(slice(rows, 1, 2, 4).shape() == Shape{2, 2, 8});
  CHECK(reshape(rows, {10, 2, 4}).shape() == Shape{10, 2, 4});
  CHECK(permute(image, {0, 2, 3, 1}).shape() == Shape{2, 21, 30, 3});
  // (21 + 2 * 3 - 7) / 2 + 1 and (30 + 2 * 3 - 7) / 2 + 1, as PyTorch rounds
  CHECK(conv2d(s / "stem", image, {.channels = 4, .kernel = 7, .stride = 2, .pad = 3}).shape() ==
        Shape{2, 4, 11, 15});
  CHECK(conv2d(s / "wide", image, {.channels = 4, .kernel = 3, .dilation = 2}).shape() ==
        Shape{2, 4, 17, 26});
  CHECK(max_pool(image, {.kernel = 3, .stride = 2, .pad = 1}).shape() == Shape{2, 3, 11, 15});
}

TEST_CASE("operands that do not fit are refused with the node and the shapes") {
  Graph graph;
  const Scope s(graph);
  const Value rows = input(graph, "rows", {2, 5, 8});
  const Value image = input(graph, "image", {1, 3, 6, 6});
  const auto says = [](const std::string& text, std::string_view why) {
    INFO(text);
    return has(text, why);
  };
  const std::string product = refusal([&] { matmul(s / "av", rows, rows); });
  CHECK(says(product, "node 'av'"));
  CHECK(says(product, "[2, 5, 8] [2, 5, 8]"));
  CHECK(says(refusal([&] { matmul(s / "av", rows, image); }), "differ in rank"));
  CHECK(says(refusal([&] { matmul(s, rows, input(graph, "b", {3, 8, 5})); }), "batch extents"));
  CHECK(says(refusal([&] { rows + image; }), "differ in rank"));
  CHECK(says(refusal([&] { rows + input(graph, "b", {2, 4, 8}); }), "cannot be broadcast"));
  CHECK(says(refusal([&] { concat(rows, input(graph, "b", {2, 5, 7}), 1); }), "broadcast"));
  CHECK(says(refusal([&] { concat(rows, rows, 3); }), "no such axis"));
  CHECK(says(refusal([&] { slice(rows, 3, 0, 1); }), "no such axis"));
  CHECK(says(refusal([&] { slice(rows, 1, 0, 6); }), "[0, 6) lie outside"));
  CHECK(says(refusal([&] { slice(rows, 1, 2, 2); }), "[2, 2) lie outside"));
  CHECK(says(refusal([&] { slice(rows, 1, -1, 2); }), "[-1, 2) lie outside"));
  CHECK(says(refusal([&] { permute(rows, {0, 2}); }), "another rank"));
  CHECK(says(refusal([&] { permute(rows, {0, 2, 2}); }), "no permutation"));
  CHECK(says(refusal([&] { reshape(rows, {2, 5, 9}); }), "cannot view [2, 5, 8] as [2, 5, 9]"));
  CHECK(says(refusal([&] { max_pool(rows, {}); }), "not [N, C, H, W]"));
  CHECK(says(refusal([&] { conv2d(s / "stem", image, {.channels = 4, .kernel = 7}); }),
             "smaller than the window"));
}

TEST_CASE("weights of another shape than the operation needs are refused") {
  Graph graph;
  const NodeId x = input(graph, "x", {1, 5, 8}).id;
  const NodeId image = input(graph, "image", {1, 3, 6, 6}).id;
  const NodeId weight = graph.param("weight", {4, 7});
  const NodeId good = graph.param("good", {4, 8});
  const NodeId five = graph.param("five", {5});
  const NodeId kernel = graph.param("kernel", {4, 3, 2, 3});
  CHECK(has(refusal([&] { graph.add("fc", op::Linear{}, {x, weight}); }), "[4, 7]"));
  CHECK(has(refusal([&] { graph.add("fc", op::Linear{}, {x, good, five}); }), "bias"));
  CHECK(has(refusal([&] { graph.add("norm", op::LayerNorm{}, {x, five, five}); }), "gain"));
  CHECK(has(refusal([&] { graph.add("conv", op::Conv2d{}, {image, kernel}); }), "[4, 3, 2, 3]"));
  CHECK(has(refusal([&] { graph.add("r", op::Reshape{}, {x}); }), "must be stated"));
}

TEST_CASE("a weight that two layers share is one node, of one shape") {
  Graph graph;
  const Scope s(graph);
  const Value first = s.param("weight", {2, 3});
  CHECK(s.param("weight", {2, 3}).id == first.id);
  CHECK(graph.params().size() == 1);
  const std::string text = refusal([&] { s.param("weight", {3, 2}); });
  CHECK(has(text, "'weight'"));
  CHECK(has(text, "[2, 3]"));
  CHECK(has(text, "[3, 2]"));
}

TEST_CASE("readers, inputs and multiplications are counted") {
  Graph graph;
  const Scope s(graph);
  const Value x = input(graph, "x", {2, 5, 8});
  const Value y = linear(s / "fc", x, 7);
  const Value z = y + y;
  CHECK(graph.inputs() == std::vector<NodeId>{x.id});
  CHECK(graph.readers()[static_cast<std::size_t>(y.id)] == std::vector<NodeId>{z.id, z.id});
  CHECK(macs(graph, y.id) == 2 * 5 * 7 * 8);
  CHECK(macs(graph, z.id) == 0);
  const Value p = matmul_transposed(s / "qk", x, x, 1.0F);
  CHECK(macs(graph, p.id) == 2 * 5 * 5 * 8);
  const Value image = input(graph, "image", {1, 3, 8, 8});
  const Value conv = conv2d(s / "conv", image, {.channels = 4, .kernel = 3, .pad = 1});
  CHECK(macs(graph, conv.id) == 4 * 8 * 8 * 3 * 3 * 3);
}

TEST_CASE("listings show every layer with its shape and operands") {
  Graph graph;
  const Scope s(graph);
  const Value x = input(graph, "x", {1, 5, 8});
  const Value y = linear(s / "fc", x, 7);
  graph.set_outputs({{"logits", y.id}});
  const std::string text = to_text(graph);
  for (const char* part : {"Linear", "fc", "[1, 5, 7]", "fc.weight[7, 8]", "%0", "logits = %"}) {
    CHECK_MESSAGE(has(text, part), part);
  }
  const std::string dot = to_dot(graph);
  CHECK(dot.starts_with("digraph"));
  CHECK(has(dot, "n0 -> n" + std::to_string(y.id)));
  CHECK(has(dot, "-> \"logits\""));
}
