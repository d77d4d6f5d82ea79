// SPDX-License-Identifier: Apache-2.0
#include "serve/run.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>

#include "common/args.h"
#include "serve/access_log.h"
#include "serve/service.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

std::string read_token(const std::filesystem::path& path) {
  if (path.empty()) return "";
  std::ifstream file(path);
  std::string token;
  std::getline(file, token);
  if (!token.empty() && token.back() == '\r') token.pop_back();
  const bool plain = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; });
  if (file.is_open() && plain && token.size() >= 16) return token;
  throw FileError(Fault::kUnreadable, path.string(),
                  "expected a first line of at least 16 visible ASCII characters, the token");
}

void reload(const Repository& repository) {
  for (const auto& served : repository.models()) {
    try {
      served->reload();
      log_event("loaded", served->name() + " " + served->current()->version);
    } catch (const std::exception& error) {
      log_event("not loaded", served->name() + " stays as it is: " + error.what());
    }
  }
}

// "http://127.0.0.1:8000".
std::string url(const HttpOptions& options, std::uint16_t port) {
  const bool v6 = options.address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + options.address + "]" : options.address) + ":" +
         std::to_string(port);
}

}  // namespace

int run(ServeJob job) {
  if (job.models.empty()) job.models = {""};
  job.batches.max_delay = std::chrono::microseconds(job.max_delay_us);
  job.batches.lanes = job.session.threads;
  job.http.workers = std::max(2, job.session.threads);
  // Who reads the log may end before the server does.
  std::signal(SIGPIPE, SIG_IGN);
  std::string token = read_token(job.token_file);
  HttpServer server(job.http);
  Metrics metrics;
  const Repository repository(job.models, job.session, job.batches, metrics);
  Context context{.repository = repository,
                  .metrics = metrics,
                  .connections = [&server] { return server.connections(); },
                  .image_limits = job.image_limits,
                  .limit = std::chrono::milliseconds(job.timeout_ms),
                  .token = std::move(token),
                  .log = !job.quiet};
  std::cerr << "vit_serve: listening on " << url(job.http, server.port()) << '\n' << std::flush;
  const bool all_answered = server.run(
      {.handle = [&context](const std::shared_ptr<const HttpRequest>& request,
                            const Respond& respond) { answer(context, request, respond); },
       .stopping = [&context] { context.stopping = true; },
       .hang_up = [&repository] { reload(repository); }});
  std::cerr << "vit_serve: stopped" << (all_answered ? "" : " before all was answered") << '\n';
  return all_answered ? kOk : kSomeFailed;
}

}  // namespace vitq::apps
