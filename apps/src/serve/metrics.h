// SPDX-License-Identifier: Apache-2.0
// What the server counts, in the form that Prometheus reads. Its client library keeps the numbers.
// Every function may be called from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace vitq::apps {

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // A request was answered. `endpoint` is one of few names, `model` empty where there is none.
  void answered(const std::string& endpoint, const std::string& model, int status, double seconds);
  // An image was not taken, or dropped: "queue_full", "deadline" or "client_gone".
  void refused(const std::string& model, const std::string& reason);
  void waited(const std::string& model, double seconds);
  void batch(const std::string& model, std::size_t images, double seconds);
  void queued(const std::string& model, std::size_t images);
  // A model is there in this version, and no more in the one before.
  void loaded(const std::string& model, const std::string& version, const std::string& task,
              const std::string& format);
  void connections(std::size_t open);

  std::string text() const;
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitq::apps
