// SPDX-License-Identifier: Apache-2.0
#include "bench/measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <thread>

#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/model.h"
#include "vitq/plan.h"

namespace vitq::apps {

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// From here on the peak counts anew. Where the system has no such file, peaks only rise.
void reset_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;) {
    double kilobytes = 0.0;
    if (key == "VmHWM:" && status >> kilobytes) return kilobytes / 1024.0;
  }
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

// Makes plausible pixels, the same in every run of the program.
Tensor noise(const PlanInput& input) {
  Tensor tensor(input.shape, input.dtype);
  std::minstd_rand random(1);
  if (input.dtype == DType::kU8) {
    for (std::uint8_t& v : tensor.as<std::uint8_t>()) v = static_cast<std::uint8_t>(random() % 256);
    return tensor;
  }
  for (float& v : tensor.as<float>()) {
    v = static_cast<float>(random() % 4001) / 1000.0F - 2.0F;
  }
  return tensor;
}

// Answers the mean cost of each step in the runs between two profiles.
std::vector<OpTime> step_times(std::span<const StepProfile> before,
                               std::span<const StepProfile> after, double runs) {
  std::vector<OpTime> times;
  for (std::size_t i = 0; i < after.size(); ++i) {
    times.push_back({.name = after[i].name,
                     .op = after[i].op,
                     .kernel = after[i].kernel,
                     .shape = after[i].shape,
                     .giga_ops = 2e-9 * static_cast<double>(after[i].macs),
                     .milliseconds = (after[i].milliseconds - before[i].milliseconds) / runs});
  }
  return times;
}

void add_rest(BenchResult& result) {
  double inside = 0.0;
  for (const OpTime& step : result.steps) inside += step.milliseconds;
  result.steps.push_back({.name = "outside of steps",
                          .op = "-",
                          .kernel = "-",
                          .shape = "",
                          .giga_ops = 0.0,
                          .milliseconds = result.mean_ms() - inside});
}

// Other work on the machine: threads that never rest while this lives.
class Neighbours {
 public:
  explicit Neighbours(int count) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([](const std::stop_token& stop) {
        while (!stop.stop_requested()) continue;
      });
    }
  }

 private:
  std::vector<std::jthread> threads_;
};

Session session_of(const Model& model, const BenchConfig& config) {
  if (!config.size) return model.session(config.batch);
  if (!family(model.info().family).any_size) {
    throw UnsupportedError(config.model.string() + ": --image-size is for networks of any size");
  }
  return model.session({config.batch, 3, config.size->height, config.size->width});
}

bool enough(const BenchResult& result, Clock::time_point start) {
  const auto runs = static_cast<int>(result.latencies_ms.size());
  if (result.config.iterations > 0) return runs >= result.config.iterations;
  return runs >= 3 && milliseconds_since(start) >= 1e3 * result.config.seconds;
}

}  // namespace

double BenchResult::mean_ms() const {
  const double sum = std::accumulate(latencies_ms.begin(), latencies_ms.end(), 0.0);
  return sum / static_cast<double>(latencies_ms.size());
}

double BenchResult::images_per_second() const {
  return 1e3 * static_cast<double>(config.batch) / mean_ms();
}

double BenchResult::percentile_ms(double share) const {
  const auto rank =
      static_cast<std::size_t>(std::ceil(share * static_cast<double>(latencies_ms.size())));
  return latencies_ms[std::max<std::size_t>(rank, 1) - 1];
}

BenchResult measure(const BenchConfig& config) {
  reset_peak();
  BenchResult result = {.config = config, .latencies_ms = {}, .steps = {}};
  const Clock::time_point loading = Clock::now();
  SessionOptions options = config.session;
  options.profile = config.per_op;
  const Model model = Model::load(config.model, {.session = options, .lower = {}});
  Session session = session_of(model, config);
  result.load_ms = milliseconds_since(loading);

  const Tensor input = noise(session.plan().inputs[0]);
  const Neighbours neighbours(config.neighbours);
  for (int i = 0; i < config.warmup; ++i) session.run(input);
  const std::vector<StepProfile> before = session.profile();
  const Clock::time_point start = Clock::now();
  while (!enough(result, start)) {
    const Clock::time_point run = Clock::now();
    session.run(input);
    result.latencies_ms.push_back(milliseconds_since(run));
  }
  std::sort(result.latencies_ms.begin(), result.latencies_ms.end());
  if (config.per_op) {
    const auto runs = static_cast<double>(result.latencies_ms.size());
    result.steps = step_times(before, session.profile(), runs);
    add_rest(result);
  }
  result.peak_rss_mb = peak_mb();
  return result;
}

std::vector<OpTime> by_kind(std::span<const OpTime> steps) {
  std::map<std::string, std::pair<OpTime, int>> kinds;
  for (const OpTime& step : steps) {
    const std::string key = step.op == "-" ? step.name : step.op;
    auto& [kind, count] = kinds[key];
    kind.op = key;
    kind.giga_ops += step.giga_ops;
    kind.milliseconds += step.milliseconds;
    if (kind.kernel.find(step.kernel) == std::string::npos) {
      kind.kernel += (kind.kernel.empty() ? "" : ", ") + step.kernel;
    }
    kind.name = std::to_string(++count);
  }
  std::vector<OpTime> sorted;
  for (auto& [key, kind] : kinds) sorted.push_back(std::move(kind.first));
  std::stable_sort(sorted.begin(), sorted.end(), [](const OpTime& a, const OpTime& b) {
    return a.milliseconds > b.milliseconds;
  });
  return sorted;
}

}  // namespace vitq::apps
