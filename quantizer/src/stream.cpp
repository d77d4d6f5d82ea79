// SPDX-License-Identifier: Apache-2.0
#include "stream.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "parallel.h"
#include "vitq/plan.h"
#include "vitq/session.h"

namespace vitq {
namespace {

std::size_t at(NodeId id) {
  return static_cast<std::size_t>(id);
}

bool is_constant(const Node& node) {
  return std::holds_alternative<op::Param>(node.op) ||
         std::holds_alternative<op::Constant>(node.op);
}

bool contains(std::span<const NodeId> ids, NodeId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

Stream::Stream(const Graph& graph, ValueStore& store, std::shared_ptr<const Values> pictures,
               std::int64_t images)
    : graph_(graph),
      store_(store),
      images_(images),
      readers_(graph.readers()),
      done_(at(graph.size()), false) {
  const NodeId input = graph.inputs().front();
  done_[at(input)] = true;
  held_[input] = std::move(pictures);
}

// The nodes that have to be computed for these.
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

void Stream::compute(std::span<const NodeId> outputs, const Weights& weights, const Scheme& scheme,
                     int threads) {
  std::vector<NodeId> given;
  for (const auto& [id, values] : held_) given.push_back(id);
  const Subgraph part = subgraph(graph_, given, outputs);
  const auto plan = std::make_shared<const Plan>(
      lower(part.graph, weights, restricted(scheme, part), {.prune = false}));
  std::vector<std::shared_ptr<const Values>> results;
  for (const NodeId id : outputs) results.push_back(store_.make(graph_[id].shape, images_));
  const std::int64_t workers = std::min<std::int64_t>(std::max(threads, 1), images_);
  const auto run = [&](Session& session, std::int64_t image) {
    std::vector<Tensor> inputs;
    for (const NodeId id : given) inputs.push_back(value(id, image));
    const std::span<const Tensor> out = session.run(inputs);
    for (std::size_t i = 0; i < results.size(); ++i) {
      std::memcpy(results[i]->image(image).data(), out[i].data(), out[i].bytes());
    }
  };
  parallel_for(threads, workers, [&](std::int64_t worker) {
    Session session(plan, {.threads = 1});
    for (std::int64_t image = worker; image < images_; image += workers) run(session, image);
  });
  for (std::size_t i = 0; i < results.size(); ++i) held_[outputs[i]] = results[i];
}

Scheme restricted(const Scheme& scheme, const Subgraph& part) {
  Scheme result;
  for (const auto& [site, params] : scheme.sites()) {
    const NodeId copy = part.node[at(site.node)];
    if (copy < 0 || std::holds_alternative<op::Input>(part.graph[copy].op)) continue;
    result.set({copy, site.operand}, params);
  }
  return result;
}

}  // namespace vitq
