// SPDX-License-Identifier: Apache-2.0
// What a client sends and what it is answered, whatever library speaks HTTP.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vitq/error.h"
#include "vitq/json.h"

namespace vitq::apps {

using Clock = std::chrono::steady_clock;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // as sent: "GET"
  std::string target;  // path and query, as sent
  Headers headers;
  std::string body;
  std::string remote;  // the client's address and port
  Clock::time_point arrived;
  // Becomes true when the client has gone away; nobody waits for the answer then.
  std::shared_ptr<const std::atomic<bool>> gone;

  // The first header of that name, in any case; empty if there is none.
  std::string_view header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string body = {};
  std::string type = "application/json";
  Headers headers = {};
};

// A request is answered with this status and {"error": message}.
class HttpError : public Error {
 public:
  HttpError(int status, const std::string& message, Headers headers = {})
      : Error(message), status_(status), headers_(std::move(headers)) {}
  int status() const { return status_; }
  const Headers& headers() const { return headers_; }

 private:
  int status_;
  Headers headers_;
};

// Answers a request. It is called once, from any thread. A worker makes the response, which may
// throw what error_response() knows.
using MakeResponse = std::function<HttpResponse()>;
using Respond = std::function<void(MakeResponse)>;

// What an exception answers: HttpError as it says, the library's errors as 400 or 413, others as
// 500 or 503.
HttpResponse error_response(const std::exception& error);
HttpResponse error_response(int status, const std::string& message);
HttpResponse json_response(const Json& json);

}  // namespace vitq::apps
