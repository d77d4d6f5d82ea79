// SPDX-License-Identifier: Apache-2.0
#include "calibration/calibration_images.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>

#include "base/parallel.h"
#include "base/text.h"
#include "vitq/error.h"
#include "vitq/quant.h"

namespace vitq {
namespace {

bool same_node(const Node& a, const Node& b) {
  const bool weight = std::holds_alternative<op::Param>(a.op);
  return a.name == b.name && a.op.index() == b.op.index() && a.inputs == b.inputs &&
         (!weight || a.shape == b.shape);
}

bool same_output(const GraphOutput& a, const GraphOutput& b) {
  return a.name == b.name && a.node == b.node;
}

// What is decided for the nodes of one graph has to mean the same in the other.
bool same_network(const Graph& a, const Graph& b) {
  return std::ranges::equal(a.nodes(), b.nodes(), same_node) &&
         std::ranges::equal(a.outputs(), b.outputs(), same_output) &&
         output_tokens(a) == output_tokens(b);
}

void require_numbers(const Tensor& image, std::int64_t index) {
  if (std::ranges::all_of(image.as<float>(), [](float v) { return std::isfinite(v); })) return;
  throw UnsupportedError(text_of("calibration image ", index, " has values that are no numbers"));
}

// Makes a plan for a graph when it is first asked for, and frees it when nobody runs it any more.
class SharedPlans {
 public:
  explicit SharedPlans(const CalibrationImages::Lower& lower) : lower_(lower) {}

  std::shared_ptr<const Plan> of(const Graph& graph) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::weak_ptr<const Plan>& known = plans_[&graph];
    std::shared_ptr<const Plan> plan = known.lock();
    if (!plan) {
      plan = std::make_shared<const Plan>(lower_(graph));
      known = plan;
    }
    return plan;
  }

 private:
  const CalibrationImages::Lower& lower_;
  std::mutex mutex_;
  std::map<const Graph*, std::weak_ptr<const Plan>> plans_;
};

// Holds the session of one thread, which is of one size at a time.
class SizedSession {
 public:
  explicit SizedSession(SharedPlans& plans) : plans_(plans) {}

  Session& of(const Graph& graph) {
    if (&graph != graph_) {
      session_.reset();  // so that two need not fit together
      session_.emplace(plans_.of(graph), SessionOptions{.threads = 1});
      graph_ = &graph;
    }
    return *session_;
  }

 private:
  SharedPlans& plans_;
  const Graph* graph_ = nullptr;
  std::optional<Session> session_;
};

}  // namespace

CalibrationImages::CalibrationImages(const Network& network, const CalibrationSet& images,
                                     ValueStore& store)
    : network_(&network), generated_(images.generated) {
  for (std::int64_t index = 0; index < images.count; ++index) {
    const Tensor image = images.image(index);
    graphs_.push_back(graph_for(image.shape(), index));
    require_numbers(image, index);
    values_.push_back(store.make({&image.shape(), 1}).front());
    std::memcpy(values_.back().data(), image.data(), image.bytes());
  }
}

// Gives the graph of an earlier image, if there is one of this size.
std::shared_ptr<const Graph> CalibrationImages::graph_for(const Shape& image,
                                                          std::int64_t index) const {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].shape() == image) return graphs_[i];
  }
  const Graph& usual = network_->graph;
  const Shape& wanted = usual[usual.inputs()[0]].shape;
  if (image == wanted) return {std::shared_ptr<const Graph>(), &usual};
  const bool fits = network_->trace && image.rank() == wanted.rank() && image[0] == 1;
  if (!fits) {
    throw ShapeError(text_of("calibration image ", index, " is ", image.str(),
                             ", the network wants ", wanted.str(),
                             network_->trace ? " or another size" : ""));
  }
  auto traced = std::make_shared<const Graph>(network_->trace(image));
  if (!same_network(usual, *traced)) {
    throw ShapeError(text_of("for calibration image ", index, ", ", image.str(),
                             ", the network is another than for ", wanted.str(),
                             ": not only shapes differ"));
  }
  return traced;
}

CalibrationImages CalibrationImages::first(std::int64_t count) const {
  CalibrationImages part = *this;
  part.values_.resize(static_cast<std::size_t>(count));
  part.graphs_.resize(static_cast<std::size_t>(count));
  return part;
}

std::vector<std::int64_t> CalibrationImages::by_size() const {
  const auto first_of_size = [this](std::int64_t index) {
    return std::ranges::find(graphs_, graphs_[static_cast<std::size_t>(index)]) - graphs_.begin();
  };
  std::vector<std::int64_t> order(values_.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::ranges::stable_sort(order, {}, first_of_size);
  return order;
}

void CalibrationImages::run(int threads, const Lower& lower, const Visit& visit) const {
  SharedPlans plans(lower);
  const std::vector<std::int64_t> order = by_size();
  const std::int64_t workers = std::min<std::int64_t>(std::max(threads, 1), count());
  parallel_for(threads, workers, [&](std::int64_t worker) {
    SizedSession session(plans);
    for (std::int64_t i = worker; i < count(); i += workers) {
      const std::int64_t index = order[static_cast<std::size_t>(i)];
      visit(session.of(graph(index)), index);
    }
  });
}

}  // namespace vitq
