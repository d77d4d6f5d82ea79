// SPDX-License-Identifier: Apache-2.0
#include "calibration/stream.h"

#include <algorithm>
#include <cstring>

#include "calibration/pixels.h"
#include "vitq/lower.h"
#include "vitq/session.h"

namespace vitq {
namespace {

bool contains(std::span<const NodeId> ids, NodeId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// The part of a scheme about nodes of a subgraph, with the subgraph's numbers for them.
Scheme restricted(const Scheme& scheme, const Subgraph& part) {
  Scheme result;
  for (const auto& [site, params] : scheme.sites()) {
    const NodeId copy = part.node[at(site.node)];
    if (copy < 0 || std::holds_alternative<op::Input>(part.graph[copy].op)) continue;
    result.set({copy, site.operand}, params);
  }
  return result;
}

}  // namespace

Stream::Stream(const CalibrationImages& images, ValueStore& store)
    : images_(images),
      graph_(images.network().graph),
      store_(store),
      readers_(graph_.readers()),
      done_(at(graph_.size()), false) {
  const NodeId input = graph_.inputs().front();
  done_[at(input)] = true;
  held_[input] = images.values();
}

// Gives the nodes that have to be computed for these.
std::vector<NodeId> Stream::needed_for(std::span<const NodeId> wanted) const {
  std::vector<bool> needed(at(graph_.size()), false);
  for (const NodeId id : wanted) needed[at(id)] = true;
  std::vector<NodeId> nodes;
  for (NodeId id = graph_.size(); id-- > 0;) {
    if (!needed[at(id)] || held_.contains(id) || is_constant(graph_[id])) continue;
    nodes.push_back(id);
    for (const NodeId input : graph_[id].inputs) needed[at(input)] = true;
  }
  return nodes;
}

bool Stream::read_ahead(NodeId id) const {
  const std::vector<NodeId>& readers = readers_[at(id)];
  return std::any_of(readers.begin(), readers.end(), [&](NodeId r) { return !done_[at(r)]; });
}

void Stream::advance(std::span<const NodeId> wanted, const Weights& weights, const Scheme& scheme,
                     int threads) {
  const std::vector<NodeId> nodes = needed_for(wanted);
  for (const NodeId id : nodes) done_[at(id)] = true;
  std::vector<NodeId> outputs;
  for (const NodeId id : nodes) {
    if (contains(wanted, id) || read_ahead(id)) outputs.push_back(id);
  }
  if (!outputs.empty()) compute(outputs, weights, scheme, threads);
  std::erase_if(held_, [&](const auto& entry) {
    return !contains(wanted, entry.first) && !read_ahead(entry.first);
  });
}

Values Stream::room_for(NodeId id) const {
  std::vector<Shape> shapes;
  for (std::int64_t image = 0; image < images_.count(); ++image) {
    shapes.push_back(images_.graph(image)[id].shape);
  }
  return store_.make(shapes);
}

void Stream::compute(std::span<const NodeId> outputs, const Weights& weights, const Scheme& scheme,
                     int threads) {
  std::vector<NodeId> given;
  for (const auto& [id, values] : held_) given.push_back(id);
  std::vector<Values> results;
  for (const NodeId id : outputs) results.push_back(room_for(id));
  const auto lowered = [&](const Graph& graph) {
    return lower_part(graph, subgraph(graph, given, outputs), weights, scheme, {.prune = false});
  };
  images_.run(threads, lowered, [&](Session& session, std::int64_t image) {
    std::vector<Tensor> inputs;
    for (const NodeId id : given) inputs.push_back(value(id, image));
    inputs = plan_inputs(session.plan(), std::move(inputs), images_.network());
    const std::span<const Tensor> out = session.run(inputs);
    for (std::size_t i = 0; i < results.size(); ++i) {
      std::memcpy(results[i][static_cast<std::size_t>(image)].data(), out[i].data(),
                  out[i].bytes());
    }
  });
  for (std::size_t i = 0; i < results.size(); ++i) held_[outputs[i]] = std::move(results[i]);
}

Plan lower_part(const Graph& network, const Subgraph& part, const Weights& weights,
                const Scheme& scheme, LowerOptions options) {
  options.output_tokens = output_tokens(network);
  return lower(part.graph, weights, restricted(scheme, part), options);
}

}  // namespace vitq
