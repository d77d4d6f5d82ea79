// SPDX-License-Identifier: Apache-2.0
// The float network with one group of layers quantized, on some images. What lies before the group
// is computed once for all trials of it.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "groups.h"
#include "stream.h"

namespace vitq {

class SensitivityRuns {
 public:
  // The images have to outlive it.
  SensitivityRuns(const Images& images, ValueStore& store, int threads);

  // To the values that a group begins from. Groups come in the order of the graph.
  void begin(const Group& group);

  // What the network gives at these nodes; called for every image, by several threads.
  using Visit = std::function<void(std::int64_t image, std::span<const Tensor> values)>;
  void run(std::span<const NodeId> nodes, const Weights& weights, const Scheme& scheme,
           const Visit& visit) const;

  const Network& network() const { return images_.network(); }
  std::int64_t images() const { return images_.count(); }
  int threads() const { return threads_; }
  // The network's first output, which answers are compared at.
  NodeId answer() const { return network().graph.outputs()[0].node; }

 private:
  const Images& images_;
  int threads_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<NodeId> given_;
  Stream stream_;
};

}  // namespace vitq
