// SPDX-License-Identifier: Apache-2.0
#include "bench/options.h"

#include <CLI/CLI.hpp>

#include "common/image_size.h"

namespace vitq::apps {

void declare(CLI::App& app, BenchJob& job) {
  app.add_option("MODEL", job.models, "Model files")->required();
  app.add_option("--warmup", job.config.warmup, "Runs before the measurement (default 10)")
      ->check(CLI::Range(0, 1'000'000));
  auto* iterations = app.add_option("--iters", job.config.iterations, "Measured runs")
                         ->check(CLI::Range(1, 1'000'000));
  app.add_option("--duration", job.config.seconds, "Seconds to measure (default 3)")
      ->check(CLI::Range(0.001, 86'400.0))
      ->excludes(iterations);
  app.add_option("-b,--batch", job.batches, "Batch sizes, as 1,4,8 (default 1)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1024));
  add_image_size(app, job.config.size,
                 "The images' size in pixels, H or H,W, of networks that take any");
  app.remove_option(app.get_option("--threads"));
  app.add_option("-t,--threads", job.threads,
                 "Thread counts, as 1,2; 0 or absent: VITQ_NUM_THREADS, OMP_NUM_THREADS, or as "
                 "many as this process may use")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0, 1024));
  app.add_option("--neighbours", job.config.neighbours,
                 "Busy threads beside the runs, as other work on the machine would be; without "
                 "--threads, one thread is measured and then the usual number")
      ->check(CLI::Range(0, 1024));
  app.add_flag("--per-op", job.config.per_op, "Also where the time goes, by kind and by step");
  app.add_option("--trace", job.trace,
                 "Also write the steps of a mean run for Perfetto or chrome://tracing; implies "
                 "--per-op");
  app.add_option("-f,--format", job.format, "md (default), csv or json")
      ->check(CLI::IsMember({"md", "csv", "json"}));
}

}  // namespace vitq::apps
