// SPDX-License-Identifier: Apache-2.0
#include "bits/sensitivity_runs.h"

#include <algorithm>

#include "bits/losses.h"
#include "calibration/pixels.h"

namespace vitq {

SensitivityRuns::SensitivityRuns(const CalibrationImages& images, ValueStore& store, int threads)
    : images_(images),
      threads_(threads),
      readers_(images.network().graph.readers()),
      answers_(judged_outputs(images.network())),
      stream_(images, store) {}

void SensitivityRuns::begin(const Group& group) {
  const NodeId first = group.units.front().plan.node;
  given_.clear();
  for (NodeId id = 0; id < first; ++id) {
    const std::vector<NodeId>& readers = readers_[static_cast<std::size_t>(id)];
    const bool read = std::ranges::any_of(readers, [first](NodeId r) { return r >= first; });
    const bool answer = std::ranges::find(answers_, id) != answers_.end();
    if ((read || answer) && !is_constant(network().graph[id])) given_.push_back(id);
  }
  stream_.advance(given_, network().weights, Scheme::float32(), threads_);
}

void SensitivityRuns::run(std::span<const NodeId> nodes, const Weights& weights,
                          const Scheme& scheme, const Visit& visit) const {
  const auto lowered = [&](const Graph& graph) {
    return lower_part(graph, subgraph(graph, given_, nodes), weights, scheme, {});
  };
  images_.run(threads_, lowered, [&](Session& session, std::int64_t image) {
    std::vector<Tensor> inputs;
    for (const NodeId id : given_) inputs.push_back(stream_.value(id, image));
    visit(image, session.run(plan_inputs(session.plan(), std::move(inputs), network())));
  });
}

}  // namespace vitq
