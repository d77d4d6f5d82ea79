// SPDX-License-Identifier: Apache-2.0
// A request on its way through the server, and the tables that say which function it goes to.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "serve/http/message.h"
#include "serve/http/target.h"
#include "serve/metrics.h"
#include "serve/repository.h"
#include "vitq/image.h"

namespace vitq::apps {

// What all calls share.
struct Context {
  const Repository& repository;
  Metrics& metrics;
  std::function<std::size_t()> connections;  // that are open
  ImageLimits image_limits;
  std::chrono::milliseconds limit{30'000};  // of a request that sets none, until it is taken up
  std::string token = {};                   // who asks must have it; empty: nobody needs one
  bool log = true;                          // requests, on standard error
  std::atomic<bool> stopping = false;
};

struct Call {
  Context& context;
  std::shared_ptr<const HttpRequest> request;
  Target target = {};
  std::string endpoint = "other";  // its route, for the metrics
  ServedModel* served = nullptr;   // what it is about, where that is a model
  Respond respond = {};

  // It is about the model of the path or the query. Throws HttpError.
  ServedModel& choose(const std::string& name);
  // When the network must have begun, at the latest.
  Clock::time_point deadline(std::chrono::microseconds limit) const {
    return request->arrived + limit;
  }
};

using CallPtr = std::shared_ptr<Call>;

struct Route {
  std::string_view method;
  // Segments of the path, of which * may be any: "v2/models/*/infer".
  std::string_view pattern;
  // Calls call->respond once, or throws.
  void (*handle)(const CallPtr& call);
  bool open = false;  // to those without a token
};

std::span<const Route> tensor_routes();  // of the Open Inference Protocol
std::span<const Route> image_routes();   // /v1/...

}  // namespace vitq::apps
