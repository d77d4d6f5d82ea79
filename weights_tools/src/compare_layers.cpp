// SPDX-License-Identifier: Apache-2.0
// This file finds where two forms of one network come apart.
#include <algorithm>

#include "vitq/compare_models.h"
#include "vitq/error.h"
#include "vitq/rotation.h"

namespace vitq {

namespace {

bool is_layer(const Graph& graph, const Node& node) {
  const auto is = [&graph](NodeId id, auto op) {
    return std::holds_alternative<decltype(op)>(graph[id].op);
  };
  if (std::holds_alternative<op::MatMul>(node.op)) return is(node.inputs[0], op::Softmax{});
  const bool product =
      std::holds_alternative<op::Linear>(node.op) || std::holds_alternative<op::Conv2d>(node.op);
  return product && is(node.inputs[1], op::Param{});
}

// Lists what is looked at, but for the outputs.
std::vector<GraphOutput> layers_of(const Graph& graph) {
  std::vector<GraphOutput> layers;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!is_layer(graph, graph[id])) continue;
    const bool is_output =
        std::any_of(graph.outputs().begin(), graph.outputs().end(),
                    [id](const GraphOutput& output) { return output.node == id; });
    if (!is_output) layers.push_back({graph[id].name, id});
  }
  return layers;
}

Model load(const std::filesystem::path& path, int threads) {
  std::vector<GraphOutput> layers = layers_of(Model::load(path).graph());
  return Model::load(path, {.session = {.threads = threads}, .lower = {.also = std::move(layers)}});
}

// Lists the layers and then the outputs, which is the order of the answer.
std::vector<GraphOutput> shown(const Graph& graph) {
  std::vector<GraphOutput> all = layers_of(graph);
  all.insert(all.end(), graph.outputs().begin(), graph.outputs().end());
  return all;
}

void require_same(const Graph& a, const Graph& b) {
  const std::vector<GraphOutput> first = shown(a);
  const std::vector<GraphOutput> second = shown(b);
  const bool same = std::equal(first.begin(), first.end(), second.begin(), second.end(),
                               [&](const GraphOutput& x, const GraphOutput& y) {
                                 return x.name == y.name && a[x.node].shape == b[y.node].shape;
                               });
  if (same) return;
  throw UnsupportedError(
      "the two files are not the same network, so that their layers cannot be "
      "compared");
}

bool is_rotated(const Model& model) {
  const Json& record = model.info().quantization;
  return !record.is_null() && record.contains("rotated");
}

// Makes of the float network's outputs and layers what they are in a model that is rotated.
void rotate_results(const std::filesystem::path& reference, const Graph& graph,
                    std::vector<Tensor>& results) {
  const Weights weights = read_safetensors(reference);
  std::size_t place = graph.outputs().size();
  for (const GraphOutput& layer : layers_of(graph)) {
    rotate_result(graph, weights, layer.node, results[place++]);
  }
}

struct Energies {
  double reference = 0.0;
  double error = 0.0;
};

// Sums over the rows [begin, end) on axis 1, or over all.
Energies energies(const Tensor& reference, const Tensor& model, const AxisSpan* span) {
  const Shape& shape = reference.shape();
  const std::int64_t rows = span == nullptr ? 1 : shape[1];
  const std::int64_t width = shape.elements() / rows;
  Energies sums;
  for (std::int64_t i = 0; i < shape.elements(); ++i) {
    const std::int64_t row = i / width;
    if (span != nullptr && (row < span->begin || row >= span->end)) continue;
    const auto at = static_cast<std::size_t>(i);
    const auto value = static_cast<double>(reference.as<float>()[at]);
    const double error = value - static_cast<double>(model.as<float>()[at]);
    sums.reference += value * value;
    sums.error += error * error;
  }
  return sums;
}

// Answers the output tokens of a result [1, T, n], if it has others, too.
const AxisSpan* rows_in(const std::optional<AxisSpan>& output_tokens, const Shape& shape) {
  const bool has_rows = output_tokens && shape.rank() == 3 && shape[1] > output_tokens->end;
  return has_rows ? &*output_tokens : nullptr;
}

LayerError compare(const Node& node, const Tensor& reference, const Tensor& model,
                   const AxisSpan* output_tokens) {
  LayerError error;
  error.name = node.name;
  error.op = name_of(node.op);
  error.shape = node.shape;
  if (error.op == "MatMul") error.op = "attention";
  const Energies all = energies(reference, model, nullptr);
  error.decibels = decibels(all.reference, all.error);
  error.output_tokens = output_tokens != nullptr;
  if (output_tokens == nullptr) return error;
  const Energies rows = energies(reference, model, output_tokens);
  error.output_tokens_decibels = decibels(rows.reference, rows.error);
  return error;
}

}  // namespace

std::vector<LayerError> compare_layers(const std::filesystem::path& reference,
                                       const std::filesystem::path& model,
                                       const std::filesystem::path& image_file, int threads,
                                       const ImageLimits& limits) {
  Model first = load(reference, threads);
  Model second = load(model, threads);
  require_same(first.graph(), second.graph());
  const Image image = read_image(image_file, Exif::kIgnore, limits);
  const Graph& graph = first.graph();
  std::vector<Tensor> expected = first.run(first.prepare({&image, 1}));
  const auto found = second.run(second.prepare({&image, 1}));
  const std::size_t outputs = graph.outputs().size();
  if (is_rotated(second) && !is_rotated(first)) rotate_results(reference, graph, expected);
  const std::optional<AxisSpan> tokens = output_tokens(graph);
  const std::vector<GraphOutput> order = shown(graph);
  const std::size_t layers = order.size() - outputs;
  std::vector<LayerError> errors;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t place = i < layers ? outputs + i : i - layers;
    errors.push_back(compare(graph[order[i].node], expected[place], found[place],
                             rows_in(tokens, graph[order[i].node].shape)));
    if (i >= layers) errors.back().name = order[i].name;
  }
  return errors;
}

}  // namespace vitq
