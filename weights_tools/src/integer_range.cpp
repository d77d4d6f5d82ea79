// SPDX-License-Identifier: Apache-2.0
#include "integer_range.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "vitq/error.h"
#include "vitq/lower.h"
#include "vitq/plan.h"
#include "vitq/session.h"

namespace vitq {
namespace {

// Outliers sit in the same channels and tokens of every image, so a few images show them.
constexpr std::int64_t kImages = 8;

std::vector<Site> operands_of(const Graph& graph) {
  std::vector<Site> sites;
  for (NodeId id = 0; id < graph.size(); ++id) {
    for (std::size_t i = 0; i < graph[id].inputs.size(); ++i) {
      sites.push_back({id, static_cast<int>(i)});
    }
  }
  return sites;
}

void require_small(const Graph& graph, const Site& site, const Tensor& values) {
  const auto magnitude = [](float value) { return std::abs(value); };
  const float largest = magnitude(std::ranges::max(values.as<float>(), {}, magnitude));
  if (largest < kIntegerOnlyLimit) return;
  throw UnsupportedError("'" + graph[site.node].name + "' takes a value of magnitude " +
                         std::to_string(std::lround(largest)) +
                         ", but integers only hold those below " +
                         std::to_string(std::lround(kIntegerOnlyLimit)));
}

}  // namespace

void require_integer_range(const Network& network, const CalibrationSet& images, int threads) {
  for (std::int64_t i = 0; i < std::min(images.count, kImages); ++i) {
    const Tensor image = images.image(i);
    const Graph graph = network.trace ? network.trace(image.shape()) : network.graph;
    auto plan = std::make_shared<const Plan>(lower(graph, network.weights, Scheme::float32(), {}));
    Session session(std::move(plan), {.threads = threads});
    session.run({&image, 1}, operands_of(graph),
                [&](Site site, const Tensor& values) { require_small(graph, site, values); });
  }
}

}  // namespace vitq
