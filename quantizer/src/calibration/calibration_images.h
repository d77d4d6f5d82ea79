// SPDX-License-Identifier: Apache-2.0
// The calibration images, read once and checked, and the graph of the network for the size of each.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "calibration/values.h"
#include "vitq/lower.h"
#include "vitq/plan.h"
#include "vitq/quantizer.h"
#include "vitq/session.h"

namespace vitq {

class CalibrationImages {
 public:
  // The network has to outlive the images. Throws ShapeError for an image that the network does not
  // take, or whose size makes another network of it. Throws UnsupportedError for NaN.
  CalibrationImages(const Network& network, const CalibrationSet& images, ValueStore& store);

  const Network& network() const { return *network_; }
  std::int64_t count() const { return static_cast<std::int64_t>(values_.size()); }
  const Values& values() const { return values_; }
  bool generated() const { return generated_; }
  // The network's graph, traced for the size of this image: it has the same nodes.
  const Graph& graph(std::int64_t index) const { return *graphs_[static_cast<std::size_t>(index)]; }
  // The first `count` images alone.
  CalibrationImages first(std::int64_t count) const;

  using Lower = std::function<Plan(const Graph& graph)>;
  using Visit = std::function<void(Session& session, std::int64_t index)>;
  // Calls `visit` for every image, on several threads, with a session of the plan for its size.
  // Images of one size follow each other, so that no thread holds two plans at a time.
  void run(int threads, const Lower& lower, const Visit& visit) const;

 private:
  std::shared_ptr<const Graph> graph_for(const Shape& image, std::int64_t index) const;
  std::vector<std::int64_t> by_size() const;

  const Network* network_;
  Values values_;
  bool generated_;
  std::vector<std::shared_ptr<const Graph>> graphs_;  // [image]; images of one size share theirs
};

}  // namespace vitq
