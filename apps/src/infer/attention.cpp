// SPDX-License-Identifier: Apache-2.0
#include "infer/attention.h"

#include <algorithm>

#include "common/args.h"
#include "vitq/error.h"

namespace vitq::apps {

PatchWeights no_weights(const Graph& graph) {
  const Shape grid = patch_grid(graph);
  return {static_cast<int>(grid[1]), static_cast<int>(grid[0]),
          std::vector<double>(static_cast<std::size_t>(grid.elements()))};
}

void require_index(std::size_t index, std::size_t count, const char* what) {
  if (index < count) return;
  throw UsageError(std::string("there is no ") + what + " " + std::to_string(index) +
                   "; this network's are 0 to " + std::to_string(count - 1));
}

AttentionMatrix of_head(const Tensor& attention, std::optional<std::size_t> head) {
  const auto heads = static_cast<std::size_t>(attention.shape()[1]);
  const auto size = static_cast<std::size_t>(attention.shape()[2] * attention.shape()[3]);
  if (head) require_index(*head, heads, "head");
  const std::size_t first = head.value_or(0);
  const std::size_t last = head ? first + 1 : heads;
  const std::span<const float> values = attention.as<float>();
  AttentionMatrix matrix(size);
  for (std::size_t h = first; h < last; ++h) {
    for (std::size_t i = 0; i < size; ++i) matrix[i] += static_cast<double>(values[h * size + i]);
  }
  for (double& value : matrix) value /= static_cast<double>(last - first);
  return matrix;
}

namespace {

// This is row <- row (matrix + identity) / 2, because half of what a layer hands on is the token
// itself.
std::vector<double> through_layer(const std::vector<double>& row, const AttentionMatrix& matrix) {
  const std::size_t n = row.size();
  std::vector<double> result(n);
  for (std::size_t i = 0; i < n; ++i) {
    result[i] += 0.5 * row[i];
    for (std::size_t j = 0; j < n; ++j) result[j] += 0.5 * row[i] * matrix[i * n + j];
  }
  return result;
}

// Only one row of the product of all layers is wanted, so it is computed from the last one down. It
// is the class token's, or that of the query which pools all tokens at the end.
std::vector<double> rollout(std::vector<AttentionMatrix> layers, std::size_t tokens) {
  std::vector<double> row(tokens);
  row[0] = 1.0;
  if (layers.back().size() == tokens) {
    row = std::move(layers.back());
    layers.pop_back();
  }
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    row = through_layer(row, *layer);
  }
  return row;
}

std::vector<AttentionMatrix> observe(const Model& model, const Tensor& input,
                                     std::span<const Site> sites, std::optional<std::size_t> head) {
  std::vector<AttentionMatrix> layers;
  model.session().run({&input, 1}, sites,
                      [&](Site, const Tensor& values) { layers.push_back(of_head(values, head)); });
  return layers;
}

}  // namespace

PatchWeights attention_of(const Model& model, const Tensor& input, const AttentionJob& job) {
  PatchWeights grid = no_weights(model.graph());
  std::vector<Site> sites = attention_sites(model.graph());
  if (sites.empty()) throw UnsupportedError("this network has no attention");
  if (job.layer) require_index(*job.layer, sites.size(), "layer");
  if (job.layer) sites.resize(*job.layer + 1);
  const Shape& shape = model.graph()[model.graph()[sites.back().node].inputs[0]].shape;
  const auto tokens = static_cast<std::size_t>(shape[-1]);
  require_looking_token(shape, static_cast<std::int64_t>(grid.weights.size()));
  const bool last = job.method == "last";
  const std::span<const Site> wanted = last ? std::span(sites).last(1) : std::span(sites);
  std::vector<AttentionMatrix> layers = observe(model, input, wanted, job.head);
  const std::vector<double> row =
      last ? AttentionMatrix(layers.back().begin(),
                             layers.back().begin() + static_cast<long>(tokens))
           : rollout(std::move(layers), tokens);
  const std::size_t patches = grid.weights.size();
  std::copy(row.end() - static_cast<long>(patches), row.end(), grid.weights.begin());
  return grid;
}

}  // namespace vitq::apps
