// SPDX-License-Identifier: Apache-2.0
// The Open Inference Protocol's paths, and those of its extension for model repositories.
#include "serve/access_log.h"
#include "serve/call.h"
#include "serve/tensor_protocol.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

void send(const CallPtr& call, Json json) {
  call->respond([json = std::move(json)] { return json_response(json); });
}

// /v2/models/NAME/versions/VERSION/...: there is one version of each, the last one loaded.
std::shared_ptr<const LoadedModel> loaded(Call& call) {
  const std::vector<std::string>& segments = call.target.segments;
  std::shared_ptr<const LoadedModel> model = call.choose(segments[2]).current();
  const bool stated = segments.size() > 4 && segments[3] == "versions";
  if (!stated || segments[4] == model->version) return model;
  throw HttpError(404, "the model '" + segments[2] + "' is there in version " + model->version +
                           ", not " + segments[4]);
}

void live(const CallPtr& call) {
  send(call, Json::object().set("live", true));
}

void ready(const CallPtr& call) {
  if (call->context.stopping) throw HttpError(503, "the server is stopping");
  send(call, Json::object().set("ready", true));
}

void describe_server(const CallPtr& call) {
  send(call, server_metadata());
}

void describe_model(const CallPtr& call) {
  const std::shared_ptr<const LoadedModel> model = loaded(*call);
  send(call, model_metadata(call->served->name(), *model));
}

void model_ready(const CallPtr& call) {
  loaded(*call);
  send(call, Json::object().set("name", call->served->name()).set("ready", true));
}

void infer(const CallPtr& call) {
  const std::shared_ptr<const LoadedModel> model = loaded(*call);
  Batcher& batcher = call->served->batcher();
  auto request =
      std::make_shared<const TensorRequest>(parse_tensor_request(*call->request, *model->model));
  BatchJob job;
  job.place = batcher.enter(static_cast<std::size_t>(request->input.shape()[0]));
  job.model = model->model;
  job.single = model->single;
  job.input = request->input;
  job.deadline = call->deadline(request->limit.value_or(call->context.limit));
  job.gone = call->request->gone;
  job.done = [call, model, request](Outcome outcome) {
    call->respond([call, model, request, outcome = std::move(outcome)] {
      if (outcome.error) std::rethrow_exception(outcome.error);
      return tensor_response(*request, call->served->name(), *model, outcome.outputs);
    });
  };
  batcher.submit(std::move(job));
}

void index(const CallPtr& call) {
  Json list = Json::array();
  for (const auto& served : call->context.repository.models()) {
    Json item = Json::object();
    item.set("name", served->name()).set("version", served->current()->version);
    list.push(std::move(item.set("state", "READY").set("reason", "")));
  }
  send(call, std::move(list));
}

// Pages of other sites make browsers send requests, but always with their origin.
void load(const CallPtr& call) {
  if (!call->request->header("Origin").empty()) {
    throw HttpError(403, "no browser may have a model loaded");
  }
  ServedModel& served = call->choose(call->target.segments[3]);
  try {
    served.reload();
  } catch (const Error& error) {
    throw HttpError(500, std::string("the model stays as it is: ") + error.what());
  }
  log_event("loaded", served.name() + " " + served.current()->version);
  send(call, Json::object().set("name", served.name()).set("version", served.current()->version));
}

constexpr Route kTensorRoutes[] = {
    {"GET", "v2", describe_server},
    {"GET", "v2/health/live", live, true},
    {"GET", "v2/health/ready", ready, true},
    {"GET", "v2/models/*", describe_model},
    {"GET", "v2/models/*/ready", model_ready},
    {"GET", "v2/models/*/versions/*", describe_model},
    {"GET", "v2/models/*/versions/*/ready", model_ready},
    {"POST", "v2/models/*/infer", infer},
    {"POST", "v2/models/*/versions/*/infer", infer},
    {"POST", "v2/repository/index", index},
    {"POST", "v2/repository/models/*/load", load},
};

}  // namespace

std::span<const Route> tensor_routes() {
  return kTensorRoutes;
}

}  // namespace vitq::apps
