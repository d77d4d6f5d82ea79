// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server that hands whole requests to a function and writes its answers. Boost.Beast
// speaks the protocol; the limits that keep a stranger from using up the machine are here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "serve/http/message.h"

namespace vitq::apps {

struct HttpLimits {
  // Beyond them the one that has been sending its request for longest is closed, so slow clients
  // cannot keep others out. Where all wait for answers, a new one is refused (503).
  std::size_t connections = 256;
  std::size_t head_bytes = 16 << 10;                         // 431
  std::size_t body_bytes = std::size_t{64} << 20;            // 413
  std::size_t bytes_of_all_bodies = std::size_t{512} << 20;  // 503
  std::chrono::seconds receive{30};  // a head, and again its body; also between requests
  std::chrono::seconds send{30};     // an answer
  std::chrono::seconds stop{30};     // from the first signal until the last answer
};

struct HttpOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8000;  // 0: any that is free
  int workers = 2;            // threads that call the handler
  HttpLimits limits;
};

struct HttpCallbacks {
  // Is called on a worker's thread and throws nothing.
  std::function<void(std::shared_ptr<const HttpRequest> request, Respond respond)> handle;
  std::function<void()> stopping;  // at the first SIGTERM or SIGINT
  std::function<void()> hang_up;   // at SIGHUP, on a worker's thread
};

class HttpServer {
 public:
  // Listens: who connects waits for run(). Throws UsageError if that cannot be.
  explicit HttpServer(HttpOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  std::size_t connections() const;  // that are open

  // Serves until SIGTERM or SIGINT. Then nobody may connect, and requests that have begun to arrive
  // are answered. Answers whether all were: a second signal ends it at once. No callback is called
  // after it, and answers that come later are nobody's.
  bool run(HttpCallbacks callbacks);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitq::apps
