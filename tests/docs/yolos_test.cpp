// SPDX-License-Identifier: Apache-2.0
// The worked example of docs/add_a_model.md does what the page says. Every weight of a checkpoint
// finds its place, and the answers are those of transformers (tests/golden/make_yolos.py).
#include "yolos.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "vitq/canonical_names.h"
#include "vitq/error.h"
#include "vitq/plan.h"
#include "vitq/session.h"

using namespace vitq;

namespace {

struct Example {
  Json source;
  Weights weights;  // canonical names
  Json config;
};

Example example() {
  const auto folder = std::filesystem::path(VITQ_TEST_FILES) / "docs" / "yolos";
  Example e = {Json::read(folder / "config.json"), {}, {}};
  const Weights checkpoint = read_safetensors(folder / "model.safetensors");
  e.weights = to_canonical_names(checkpoint, kYolos.dialects).weights;
  e.config = kYolos.configure(e.weights, e.source);
  return e;
}

Weights expected() {
  return read_safetensors(std::filesystem::path(VITQ_TEST_FILES) / "docs" / "yolos" /
                          "expected.safetensors");
}

Graph traced(const Json& config, const Shape& image) {
  Graph graph;
  const Value pixels = input(graph, "image", image);
  graph.set_outputs(kYolos.trace(Scope(graph), pixels, config));
  return graph;
}

double largest_error(std::span<const float> found, std::span<const float> wanted) {
  REQUIRE(found.size() == wanted.size());
  double worst = 0.0;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(found[i] - wanted[i])));
  return worst;
}

}  // namespace

TEST_CASE("the example's checkpoint has exactly the weights that its trace asks for") {
  const Example e = example();
  CHECK(kYolos.recognize(e.weights, e.source));
  const Graph graph = traced(e.config, expected().at("input").shape());
  require_weights(graph, e.weights, Scheme::float32());
  CHECK(graph.params().size() == e.weights.tensors.size());
}

TEST_CASE("the example gives transformers' logits and boxes on every backend") {
  const Example e = example();
  const Weights wanted = expected();
  const Graph graph = traced(e.config, wanted.at("input").shape());
  for (const Backend backend : {Backend::kFast, Backend::kReference}) {
    const auto plan = std::make_shared<const Plan>(lower(graph, e.weights, Scheme::float32(), {}));
    Session session(plan, {.threads = 1, .backend = backend});
    const std::span<const Tensor> outputs = session.run(wanted.at("input"));
    CHECK(largest_error(outputs[0].as<float>(), wanted.at("logits").as<float>()) < 1e-4);
    CHECK(largest_error(outputs[1].as<float>(), wanted.at("boxes").as<float>()) < 1e-5);
  }
}

TEST_CASE("the example refuses what it does not compute") {
  Example e = example();
  e.source.set("use_mid_position_embeddings", true);
  CHECK_THROWS_AS(kYolos.configure(e.weights, e.source), UnsupportedError);
}
