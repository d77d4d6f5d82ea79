// SPDX-License-Identifier: Apache-2.0
#include "infer/profile_table.h"

#include <algorithm>
#include <map>
#include <vector>

#include "common/table.h"
#include "vitq/plan.h"

namespace vitq::apps {

namespace {

// As usual, a multiply-accumulate is two operations.
std::string giga_ops(std::int64_t macs, double milliseconds) {
  if (macs == 0 || milliseconds <= 0.0) return "";
  return fixed(2.0 * static_cast<double>(macs) / milliseconds / 1e6, 1);
}

std::string percent(double part, double whole) {
  return whole > 0.0 ? fixed(100.0 * part / whole, 1) : "";
}

std::string macs_text(std::int64_t macs) {
  return macs == 0 ? "" : with_prefix(static_cast<double>(macs));
}

struct Sum {
  int steps = 0;
  std::int64_t macs = 0;
  double milliseconds = 0.0;
};

std::string sums_by_operation(const std::vector<StepProfile>& profile, double total) {
  std::map<std::string, Sum> sums;
  for (const StepProfile& step : profile) {
    Sum& sum = sums[step.op];
    ++sum.steps;
    sum.macs += step.macs;
    sum.milliseconds += step.milliseconds;
  }
  std::vector<std::pair<std::string, Sum>> order(sums.begin(), sums.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second.milliseconds > b.second.milliseconds;
  });
  Table table({"operation", "steps", "ms", "%", "MACs", "GOP/s"}, "lrrrrr");
  for (const auto& [op, sum] : order) {
    table.add({op, std::to_string(sum.steps), fixed(sum.milliseconds, 3),
               percent(sum.milliseconds, total), macs_text(sum.macs),
               giga_ops(sum.macs, sum.milliseconds)});
  }
  return table.str();
}

}  // namespace

std::string explain_table(const Session& session) {
  Table table({"step", "operation", "result", "MACs", "bytes", "kernel"}, "lllrrl");
  std::int64_t macs = 0;
  for (const StepProfile& step : session.profile()) {
    table.add({step.name, step.op, step.shape, macs_text(step.macs), byte_count(step.bytes),
               step.kernel});
    macs += step.macs;
  }
  return table.str() + "\n" + std::to_string(session.plan().steps.size()) + " steps, " +
         with_prefix(static_cast<double>(macs)) + " multiply-accumulates, " +
         byte_count(session.plan().arena_bytes) + " for intermediate results, " +
         std::to_string(session.threads()) + (session.threads() == 1 ? " thread\n" : " threads\n");
}

std::string profile_table(Session& session, const Tensor& input, int runs) {
  session.run(input);
  const std::vector<StepProfile> before = session.profile();
  for (int i = 0; i < runs; ++i) session.run(input);
  std::vector<StepProfile> profile = session.profile();
  double total = 0.0;
  for (std::size_t i = 0; i < profile.size(); ++i) {
    profile[i].milliseconds = (profile[i].milliseconds - before[i].milliseconds) / runs;
    total += profile[i].milliseconds;
  }
  Table table({"step", "operation", "result", "ms", "%", "GOP/s", "kernel"}, "lllrrrl");
  for (const StepProfile& step : profile) {
    table.add({step.name, step.op, step.shape, fixed(step.milliseconds, 3),
               percent(step.milliseconds, total), giga_ops(step.macs, step.milliseconds),
               step.kernel});
  }
  return table.str() + "\n" + sums_by_operation(profile, total) + "\n" + fixed(total, 3) +
         " ms per run of batch " + std::to_string(input.shape()[0]) + ", mean of " +
         std::to_string(runs) + ", " + std::to_string(session.threads()) +
         (session.threads() == 1 ? " thread\n" : " threads\n");
}

}  // namespace vitq::apps
