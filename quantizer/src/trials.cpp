// SPDX-License-Identifier: Apache-2.0
#include "trials.h"

#include <algorithm>

#include "parallel.h"
#include "vitq/plan.h"
#include "vitq/session.h"

namespace vitq {
namespace {

bool is_constant(const Node& node) {
  return std::holds_alternative<op::Param>(node.op) ||
         std::holds_alternative<op::Constant>(node.op);
}

}  // namespace

Trials::Trials(const Network& network, std::shared_ptr<const Values> pictures, std::int64_t images,
               ValueStore& store, int threads)
    : network_(network),
      images_(images),
      threads_(threads),
      readers_(network.graph.readers()),
      stream_(network.graph, store, std::move(pictures), images) {}

void Trials::begin(const Group& group) {
  const NodeId first = group.units.front().plan.node;
  given_.clear();
  for (NodeId id = 0; id < first; ++id) {
    const std::vector<NodeId>& readers = readers_[static_cast<std::size_t>(id)];
    const bool read = std::ranges::any_of(readers, [first](NodeId r) { return r >= first; });
    if ((read || id == answer()) && !is_constant(network_.graph[id])) given_.push_back(id);
  }
  stream_.advance(given_, network_.weights, Scheme::float32(), threads_);
}

void Trials::run(std::span<const NodeId> nodes, const Weights& weights, const Scheme& scheme,
                 const Visit& visit) const {
  const Subgraph part = subgraph(network_.graph, given_, nodes);
  const auto plan = std::make_shared<const Plan>(
      lower(part.graph, weights, restricted(scheme, part), LowerOptions{}));
  const std::int64_t workers = std::min<std::int64_t>(std::max(threads_, 1), images_);
  parallel_for(threads_, workers, [&](std::int64_t worker) {
    Session session(plan, {.threads = 1});
    for (std::int64_t image = worker; image < images_; image += workers) {
      std::vector<Tensor> inputs;
      for (const NodeId id : given_) inputs.push_back(stream_.value(id, image));
      visit(image, session.run(inputs));
    }
  });
}

}  // namespace vitq
