// SPDX-License-Identifier: Apache-2.0
#include "serve/options.h"

#include <CLI/CLI.hpp>

#include "common/image_inputs.h"

namespace vitq::apps {

namespace {

void declare_limits(CLI::App& app, ServeJob& job) {
  app.add_option("--max-batch", job.batches.max_batch,
                 "Images that go through the network together, at most: 1 to 8 (default 8)")
      ->check(CLI::Range(1, 8));
  app.add_option("--max-delay-us", job.max_delay_us,
                 "Microseconds that an image waits for others to go with it (default 0: it never "
                 "waits while the network is idle)")
      ->check(CLI::Range(0, 10'000'000));
  app.add_option("--max-queue", job.batches.max_queue,
                 "Images of a model that are accepted and not yet answered; more are told to come "
                 "back later (default 128)")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--timeout-ms", job.timeout_ms,
                 "Milliseconds until the network must have begun, where a request does not say "
                 "(default 30000)")
      ->check(CLI::Range(1, 3'600'000));
  app.add_option("--max-connections", job.http.limits.connections,
                 "Open connections; beyond them the slowest sender is cut off (default 256)")
      ->check(CLI::Range(1, 100'000));
  app.add_option_function<std::size_t>(
         "--max-body-mb",
         [&job](const std::size_t& megabytes) {
           job.http.limits.body_bytes = megabytes << 20;
           job.http.limits.bytes_of_all_bodies = 8 * job.http.limits.body_bytes;
         },
         "Mebibytes of a request's body (default 64)")
      ->check(CLI::Range(1, 4096));
  add_image_limits(app, job.image_limits);
}

}  // namespace

void declare(CLI::App& app, ServeJob& job) {
  app.add_option("MODEL", job.models,
                 "Model files, or names of installed ones (default, detr-small). A model is called "
                 "like its file without the ending; NAME=FILE calls it NAME. Otherwise VITQ_MODEL "
                 "or the installed default");
  app.add_option("--port", job.http.port, "The port to listen on (default 8000); 0: any free one");
  app.add_option("--bind", job.http.address,
                 "The address to listen on (default 127.0.0.1: this machine alone); 0.0.0.0 or :: "
                 "for all");
  app.add_option("--token-file", job.token_file,
                 "A file whose first line is a token; who asks must send it as Authorization: "
                 "Bearer TOKEN. Health checks and the page's files are free");
  app.add_flag("--quiet", job.quiet, "Do not log requests");
  declare_limits(app, job);
}

}  // namespace vitq::apps
