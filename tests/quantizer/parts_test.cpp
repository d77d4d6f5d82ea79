// SPDX-License-Identifier: Apache-2.0
// A part of a quantized network, given what comes before it, answers with the bits of the whole.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "calibration/stream.h"
#include "support/naive_scheme.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/model.h"
#include "vitq/session.h"

using namespace vitq;
using namespace vitq::test;
namespace fs = std::filesystem;

namespace {

// A golden network, all of it quantized.
struct Quantized {
  Graph graph;
  Weights weights;
  Scheme scheme;

  explicit Quantized(const std::string& name) {
    const TempFolder temp;
    const fs::path file = temp.path() / "float.safetensors";
    const Converted source = convert(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name, {});
    write_safetensors(file, source.weights, Overwrite::kNo);
    Model model = Model::load(file);
    graph = model.graph();
    weights = naive_quantized(source.weights, graph, source.info, 8);
    const Json json = Json::parse(weights.metadata.at("vitq"), "vitq");
    scheme = load_scheme(graph, weights, json.at("quantization").at("scheme"));
  }
};

// What nodes from `first` on read of those before.
std::set<NodeId> frontier(const Graph& graph, NodeId first) {
  const std::vector<std::vector<NodeId>> readers = graph.readers();
  std::set<NodeId> nodes;
  for (NodeId id = 0; id < first; ++id) {
    const auto& of_node = readers[static_cast<std::size_t>(id)];
    const bool read = std::ranges::any_of(of_node, [first](NodeId r) { return r >= first; });
    const auto is_output = [id](const GraphOutput& output) { return output.node == id; };
    const bool answer = std::ranges::any_of(graph.outputs(), is_output);
    if ((read || answer) && !is_constant(graph[id])) nodes.insert(id);
  }
  return nodes;
}

// The nodes that a part can begin with. An attention is no two parts.
std::vector<NodeId> layers_of(const Graph& graph) {
  std::vector<NodeId> layers;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const auto* product = std::get_if<op::MatMul>(&graph[id].op);
    const bool of_values = product != nullptr && !product->transpose_b;
    if (macs(graph, id) > 0 && !of_values) layers.push_back(id);
  }
  return layers;
}

Tensor noise(const Shape& shape) {
  Tensor image(shape, DType::kU8);
  for (std::size_t i = 0; i < image.bytes(); ++i) {
    image.as<std::uint8_t>()[i] = static_cast<std::uint8_t>((i * i * 7 + i * 13) % 256);
  }
  return image;
}

std::vector<Tensor> answers_of(const Quantized& whole, const std::map<NodeId, Tensor>& given,
                               const std::vector<NodeId>& wanted) {
  std::vector<NodeId> ids;
  std::vector<Tensor> values;
  for (const auto& [id, value] : given) {
    ids.push_back(id);
    values.push_back(value);
  }
  const Subgraph part = subgraph(whole.graph, ids, wanted);
  Session session(
      std::make_shared<const Plan>(lower_part(whole.graph, part, whole.weights, whole.scheme, {})),
      {.threads = 1});
  std::vector<Tensor> answers;
  for (const Tensor& answer : session.run(values)) answers.push_back(answer.clone());
  return answers;
}

void check_parts(const std::string& name) {
  CAPTURE(name);
  const Quantized whole(name);
  const NodeId input = whole.graph.inputs().front();
  const std::map<NodeId, Tensor> image = {{input, noise(whole.graph[input].shape)}};
  std::vector<NodeId> outputs;
  for (const GraphOutput& output : whole.graph.outputs()) outputs.push_back(output.node);
  const std::vector<Tensor> expected = answers_of(whole, image, outputs);

  const std::vector<NodeId> layers = layers_of(whole.graph);
  std::set<NodeId> read;
  for (std::size_t i = 1; i < layers.size(); ++i) read.merge(frontier(whole.graph, layers[i]));
  const std::vector<NodeId> ids(read.begin(), read.end());
  const std::vector<Tensor> values = answers_of(whole, image, ids);
  for (std::size_t i = 1; i < layers.size(); ++i) {
    CAPTURE(whole.graph[layers[i]].name);
    const std::set<NodeId> before = frontier(whole.graph, layers[i]);
    std::map<NodeId, Tensor> given;
    for (std::size_t v = 0; v < ids.size(); ++v) {
      if (before.contains(ids[v])) given[ids[v]] = values[v];
    }
    const std::vector<Tensor> found = answers_of(whole, given, outputs);
    for (std::size_t o = 0; o < expected.size(); ++o) {
      REQUIRE(found[o].bytes() == expected[o].bytes());
      CHECK(std::memcmp(found[o].data(), expected[o].data(), found[o].bytes()) == 0);
    }
  }
}

}  // namespace

TEST_CASE("from any layer on, a quantized network answers as the whole does") {
  for (const char* name :
       {"hf_deit_teacher", "hf_dinov2_registers", "hf_yolos", "hf_detr_dc5_basic"}) {
    check_parts(name);
  }
}
