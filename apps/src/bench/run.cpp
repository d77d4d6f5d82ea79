// SPDX-License-Identifier: Apache-2.0
#include "bench/run.h"

#include <iostream>

#include "bench/report.h"
#include "common/args.h"
#include "common/output.h"

namespace vitq::apps {

namespace {

// Measures one model and batch with each count of threads. A count of 0 is the session's own.
void measure_threads(BenchConfig config, const std::vector<int>& threads,
                     std::vector<BenchResult>& results) {
  const int usual = config.session.threads;
  for (const int count : threads) {
    config.session.threads = count == 0 ? usual : count;
    results.push_back(measure(config));
  }
}

// What neighbours cost shows beside one thread.
std::vector<int> thread_counts(const BenchJob& job) {
  if (!job.threads.empty()) return job.threads;
  if (job.config.neighbours > 0 && job.config.session.threads > 1) return {1, 0};
  return {0};
}

std::vector<BenchResult> measure_all(const BenchJob& job) {
  const std::vector<int> threads = thread_counts(job);
  std::vector<BenchResult> results;
  BenchConfig config = job.config;
  config.per_op = config.per_op || !job.trace.empty();
  for (const std::string& model : job.models) {
    config.model = model;
    for (const std::int64_t batch : job.batches) {
      config.batch = batch;
      measure_threads(config, threads, results);
    }
  }
  return results;
}

}  // namespace

int run(const BenchJob& job) {
  if (!job.trace.empty()) require_free(job.trace, job.overwrite);
  const std::vector<BenchResult> results = measure_all(job);
  if (job.format == "json") {
    std::cout << to_json(results).dump(2) << '\n';
  } else {
    std::cout << (job.format == "csv" ? to_csv(results) : to_markdown(results));
  }
  if (!job.trace.empty()) write_file(job.trace, to_trace(results).dump(), job.overwrite);
  return kOk;
}

}  // namespace vitq::apps
