// SPDX-License-Identifier: Apache-2.0
#include "serve/access_log.h"

#include <cmath>
#include <ctime>
#include <iostream>
#include <mutex>

#include "vitq/json.h"

namespace vitq::apps {

namespace {

// "2026-01-31T23:59:59.123Z".
std::string utc_now() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto whole = std::chrono::system_clock::from_time_t(seconds);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(now - whole).count();
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::size_t size = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  std::string thousandths = std::to_string(1000 + rest);
  thousandths[0] = '.';
  return std::string(text, size) + thousandths + "Z";
}

// One write for a line, so that those of several threads do not mix.
void write_line(const Json& json) {
  static std::mutex mutex;
  const std::string line = json.dump() + "\n";
  const std::lock_guard<std::mutex> lock(mutex);
  std::cerr << line << std::flush;
}

}  // namespace

void log_access(const HttpRequest& request, const AccessEntry& entry) {
  Json json = Json::object();
  json.set("time", utc_now()).set("remote", request.remote).set("method", request.method);
  json.set("target", request.target);
  if (!entry.model.empty()) json.set("model", entry.model);
  json.set("status", entry.status).set("bytes_in", static_cast<std::int64_t>(request.body.size()));
  json.set("bytes_out", static_cast<std::int64_t>(entry.bytes));
  json.set("ms", std::round(1000.0 * entry.milliseconds) / 1000.0);
  if (!entry.error.empty()) json.set("error", entry.error);
  write_line(json);
}

void log_event(const std::string& event, const std::string& detail) {
  write_line(Json::object().set("time", utc_now()).set("event", event).set("detail", detail));
}

}  // namespace vitq::apps
