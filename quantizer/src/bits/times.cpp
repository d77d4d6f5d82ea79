// SPDX-License-Identifier: Apache-2.0
#include "bits/times.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "calibration/pixels.h"
#include "vitq/session.h"

namespace vitq {
namespace {

constexpr int kRuns = 40;
// Two measurements of the same may differ by this share of it, or by these nanoseconds of the
// clock.
constexpr double kNoise = 0.1;
constexpr double kClock = 500.0;

// Keeps the shortest time that each step of a plan has taken.
class TimedPlan {
 public:
  explicit TimedPlan(std::shared_ptr<const Plan> plan)
      : session_(std::move(plan), {.threads = 1, .profile = true}),
        min_(session_.plan().steps.size(), HUGE_VAL) {}

  // On the first of the images.
  void run(const CalibrationImages& images) {
    const std::vector<Tensor> inputs =
        plan_inputs(session_.plan(), {images.values()[0]}, images.network());
    const std::vector<StepProfile> before = session_.profile();
    session_.run(inputs);
    const std::vector<StepProfile> after = session_.profile();
    for (std::size_t i = 0; i < min_.size(); ++i) {
      min_[i] = std::min(min_[i], after[i].milliseconds - before[i].milliseconds);
    }
  }

  // Adds up the times of the steps whose nodes this is true of.
  template <typename Of>
  std::int64_t nanoseconds(const Of& of) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < min_.size(); ++i) {
      if (of(session_.plan().steps[i].node)) sum += min_[i];
    }
    return std::llround(1e6 * sum);
  }

 private:
  Session session_;
  std::vector<double> min_;
};

std::int64_t time_of(const TimedPlan& plan, const Group& group) {
  return plan.nanoseconds([&group](NodeId node) { return group.has(node); });
}

std::int64_t time_outside(const TimedPlan& plan, const std::vector<Group>& groups) {
  return plan.nanoseconds([&groups](NodeId node) {
    return std::ranges::none_of(groups, [node](const Group& group) { return group.has(node); });
  });
}

}  // namespace

std::string this_cpu() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2) + ", " + isa_in_use();
    }
  }
  return isa_in_use();
}

std::shared_ptr<const Plan> plan_of(const Graph& graph, const Weights& weights,
                                    const Scheme& scheme) {
  return std::make_shared<const Plan>(lower(graph, weights, scheme, LowerOptions{}));
}

void level_out(std::vector<BitsLoss>& choices) {
  for (std::size_t i = choices.size(); i-- > 1;) {
    const auto more = static_cast<double>(choices[i].nanoseconds);
    const auto fewer = static_cast<double>(choices[i - 1].nanoseconds);
    if (std::abs(fewer - more) <= std::max(kNoise * more, kClock))
      choices[i - 1].nanoseconds = choices[i].nanoseconds;
  }
}

void add_times(std::span<const std::shared_ptr<const Plan>> plans, const std::vector<Group>& groups,
               const CalibrationImages& images, Sensitivities& result) {
  std::vector<TimedPlan> timed;
  for (const std::shared_ptr<const Plan>& plan : plans) timed.emplace_back(plan);
  for (int run = 0; run < kRuns; ++run) {
    for (TimedPlan& plan : timed) plan.run(images);
  }
  for (const TimedPlan& plan : timed) {
    result.rest_nanoseconds = std::max(result.rest_nanoseconds, time_outside(plan, groups));
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<BitsLoss>& choices = result.groups[g].choices;
    for (std::size_t i = 0; i < timed.size(); ++i) {
      choices[i].nanoseconds = time_of(timed[i], groups[g]);
    }
    level_out(choices);
    for (std::size_t i = 0; i < timed.size(); ++i) {
      result.uniform[i].nanoseconds += choices[i].nanoseconds;
    }
  }
  result.cpu = this_cpu();
}

}  // namespace vitq
