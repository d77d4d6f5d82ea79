// SPDX-License-Identifier: Apache-2.0
// Runs the float network with one group of layers quantized. The values before the group are
// computed once for all ways to quantize it.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "bits/groups.h"
#include "calibration/stream.h"

namespace vitq {

class SensitivityRuns {
 public:
  // The images have to outlive the runs.
  SensitivityRuns(const CalibrationImages& images, ValueStore& store, int threads);

  using Visit = std::function<void(std::int64_t image, std::span<const Tensor> values)>;

  // Goes on to the values that a group begins from. Groups come in the order of the graph.
  void begin(const Group& group);

  // Calls `visit` for every image, from several threads, with the values at these nodes.
  void run(std::span<const NodeId> nodes, const Weights& weights, const Scheme& scheme,
           const Visit& visit) const;

  const Network& network() const { return images_.network(); }
  std::int64_t images() const { return images_.count(); }
  int threads() const { return threads_; }
  // Those of the network's outputs where answers are compared.
  std::span<const NodeId> answers() const { return answers_; }

 private:
  const CalibrationImages& images_;
  int threads_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<NodeId> answers_;
  std::vector<NodeId> given_;
  Stream stream_;
};

}  // namespace vitq
