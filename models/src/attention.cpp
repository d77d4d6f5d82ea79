// SPDX-License-Identifier: Apache-2.0
#include "vitq/attention.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "vitq/error.h"
#include "vitq/trace.h"

namespace vitq {

namespace {

// DETR's decoder has it in its names. All other attention is "self_attn".
constexpr std::string_view kCross = ".multihead_attn.";

const Shape& attention_shape(const Graph& graph, Site site) {
  return graph[graph[site.node].inputs[0]].shape;
}

std::vector<Site> sites_of(const Model& model, const Graph& graph) {
  return model.task() == Task::kDetection ? cross_attention_sites(graph) : attention_sites(graph);
}

// The row of the attention [N, heads, queries, keys] that is looked at.
std::int64_t looking_row(const Shape& attention, std::optional<std::int64_t> query) {
  if (!query) return 0;
  if (*query >= 0 && *query < attention[2]) return *query;
  throw UnsupportedError("there is no query " + std::to_string(*query) +
                         "; this network's are 0 to " + std::to_string(attention[2] - 1));
}

// Appends what that row pays to the patches, which are the last tokens, head by head.
void append(AttentionMaps& maps, const Tensor& attention, std::int64_t row) {
  const Shape& shape = attention.shape();
  const std::int64_t patches = maps.height * maps.width;
  const std::span<const float> values = attention.as<float>();
  for (std::int64_t head = 0; head < shape[1]; ++head) {
    const std::int64_t end = (head * shape[2] + row + 1) * shape[3];
    maps.weights.insert(maps.weights.end(), values.begin() + (end - patches), values.begin() + end);
  }
}

void require_maps(const Graph& graph, std::span<const Site> sites, bool detector) {
  if (sites.empty()) throw UnsupportedError("this network has no attention");
  const Shape& last = attention_shape(graph, sites.back());
  const std::int64_t patches = patch_grid(graph).elements();
  if (!detector) return require_looking_token(last, patches);
  if (last[3] == patches) return;
  throw UnsupportedError("the features of this network are not what its last convolution makes");
}

}  // namespace

Model observe_attention(const Model& model) {
  return model.with_lowering({.prune = false, .observe = attention_sites(model.graph())});
}

AttentionMaps attention_maps(const Model& model, const Tensor& input,
                             std::optional<std::int64_t> query) {
  const bool detector = model.task() == Task::kDetection;
  if (detector != query.has_value()) {
    throw UnsupportedError(detector ? "it takes a query to say where a detector looks"
                                    : "only detectors have queries");
  }
  // Where the features lie depends on the size of the image.
  const Graph graph = trace(model.info(), input.shape());
  std::vector<Site> sites = sites_of(model, graph);
  require_maps(graph, sites, detector);
  const Shape& last = attention_shape(graph, sites.back());
  // What pools all tokens at the end is no further layer of the network: it alone is looked at.
  if (!detector && last[2] == 1) sites = {sites.back()};
  const std::int64_t row = looking_row(last, query);
  const Shape grid = patch_grid(graph);
  AttentionMaps maps = {static_cast<std::int64_t>(sites.size()), last[1], grid[0], grid[1], {}};
  model.session(input.shape()).run({&input, 1}, sites, [&](Site, const Tensor& values) {
    append(maps, values, row);
  });
  return maps;
}

bool has_attention_maps(const Model& model) {
  try {
    require_maps(model.graph(), sites_of(model, model.graph()), model.task() == Task::kDetection);
    return true;
  } catch (const UnsupportedError&) {
    return false;
  }
}

std::vector<Site> attention_sites(const Graph& graph) {
  std::vector<Site> sites;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    if (!std::holds_alternative<op::MatMul>(node.op)) continue;
    if (std::holds_alternative<op::Softmax>(graph[node.inputs[0]].op)) sites.push_back({id, 0});
  }
  return sites;
}

std::vector<Site> cross_attention_sites(const Graph& graph) {
  std::vector<Site> sites = attention_sites(graph);
  std::erase_if(sites, [&graph](const Site& site) {
    return graph[site.node].name.find(kCross) == std::string::npos;
  });
  if (sites.empty()) throw UnsupportedError("this network has no queries that look at an image");
  return sites;
}

Shape patch_grid(const Graph& graph) {
  for (NodeId id = graph.size() - 1; id >= 0; --id) {
    if (!std::holds_alternative<op::Conv2d>(graph[id].op)) continue;
    const Shape& shape = graph[id].shape;
    return {shape[2], shape[3]};
  }
  throw UnsupportedError("this network has no patches, so there is no image of its attention");
}

void require_looking_token(const Shape& attention, std::int64_t patches) {
  const std::int64_t tokens = attention[-1];
  if (patches > tokens) throw UnsupportedError("the tokens of this network are not its patches");
  if (patches < tokens || attention[-2] == 1) return;
  throw UnsupportedError(
      "this network has no class token whose attention could be drawn; --pca draws its patches");
}

}  // namespace vitq
