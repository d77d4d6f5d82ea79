// SPDX-License-Identifier: Apache-2.0
// vit_bench: latency, throughput, memory and load time of models, and where the time goes.
#include <iostream>

#include "args.h"
#include "bench.h"
#include "output.h"
#include "vitq/weights.h"

using namespace vitq;

namespace {

const apps::Program kProgram = {
    .name = "vit_bench",
    .purpose =
        "Measures models on pixels of noise: every combination of models, batches and\n"
        "threads. The load time is that of a start; the peak of memory is that of loading and "
        "runs.",
    .examples =
        "  vit_bench deit.safetensors -t 1\n"
        "  vit_bench deit.safetensors vit.safetensors -b 1,8 -t 1,4 --format csv\n"
        "  vit_bench deit.safetensors --iters 100 --per-op\n"
        "  vit_bench deit.safetensors -t 1 --trace steps.json\n"};

struct Options {
  std::vector<std::string> models;
  std::vector<std::int64_t> batches = {1};
  std::vector<int> threads;  // empty: as the other programs decide
  std::string format = "md";
  std::string trace;
  apps::BenchConfig config;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("MODEL", options.models, "Model files")->required();
  app.add_option("--warmup", options.config.warmup, "Runs before the measurement (default 10)")
      ->check(CLI::Range(0, 1'000'000));
  auto* iterations = app.add_option("--iters", options.config.iterations, "Measured runs")
                         ->check(CLI::Range(1, 1'000'000));
  app.add_option("--duration", options.config.seconds, "Seconds to measure (default 3)")
      ->check(CLI::Range(0.001, 86'400.0))
      ->excludes(iterations);
  app.add_option("-b,--batch", options.batches, "Batch sizes, as 1,4,8 (default 1)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1024));
  app.remove_option(app.get_option("--threads"));
  app.add_option("-t,--threads", options.threads,
                 "Thread counts, as 1,2; 0 or absent: VITQ_NUM_THREADS, OMP_NUM_THREADS, or as "
                 "many as this process may use")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0, 1024));
  app.add_flag("--per-op", options.config.per_op, "Also where the time goes, by kind and by step");
  app.add_option("--trace", options.trace,
                 "Also write the steps of a mean run for Perfetto or chrome://tracing; implies "
                 "--per-op");
  app.add_option("--format", options.format, "md (default), csv or json")
      ->check(CLI::IsMember({"md", "csv", "json"}));
}

// One model and batch with each count of threads; 0 is the session's own.
void measure_threads(apps::BenchConfig config, const std::vector<int>& threads,
                     std::vector<apps::BenchResult>& results) {
  const int usual = config.session.threads;
  for (const int count : threads) {
    config.session.threads = count == 0 ? usual : count;
    results.push_back(apps::measure(config));
  }
}

std::vector<apps::BenchResult> measure_all(const Options& options, const SessionOptions& session) {
  const std::vector<int> threads = options.threads.empty() ? std::vector{0} : options.threads;
  std::vector<apps::BenchResult> results;
  apps::BenchConfig config = options.config;
  config.session = session;
  for (const std::string& model : options.models) {
    config.model = model;
    for (const std::int64_t batch : options.batches) {
      config.batch = batch;
      measure_threads(config, threads, results);
    }
  }
  return results;
}

int run(apps::Args& args) {
  Options options;
  declare(args.app(), options);
  args.add_backend();
  args.add_force();
  args.parse();
  if (!options.trace.empty()) {
    apps::require_free(options.trace, args.overwrite());
    options.config.per_op = true;
  }
  const std::vector<apps::BenchResult> results = measure_all(options, args.session());
  if (options.format == "json") {
    std::cout << apps::to_json(results).dump(2) << '\n';
  } else {
    std::cout << (options.format == "csv" ? apps::to_csv(results) : apps::to_markdown(results));
  }
  if (!options.trace.empty()) {
    write_file(options.trace, apps::to_trace(results).dump(), args.overwrite());
  }
  return apps::kOk;
}

}  // namespace

int main(int argc, char** argv) {
  return apps::run_program(kProgram, argc, argv, run);
}
