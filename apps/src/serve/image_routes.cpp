// SPDX-License-Identifier: Apache-2.0
// /v1/...: image files in, answers out.
#include "common/model_facts.h"
#include "common/stopwatch.h"
#include "serve/call.h"
#include "serve/image_protocol.h"

namespace vitq::apps {

namespace {

// An image that was accepted, with all that its answer needs.
struct Asked {
  CallPtr call;
  std::shared_ptr<const LoadedModel> model;
  Place place;
  ImageJob job;
};

using AskedPtr = std::shared_ptr<Asked>;

// The queue is entered before anything is decoded, so a full one costs nothing.
AskedPtr accept(const CallPtr& call, std::string_view ability,
                std::initializer_list<std::string_view> parameters) {
  std::vector<std::string_view> known = {"model", "timeout_ms"};
  known.insert(known.end(), parameters.begin(), parameters.end());
  call->target.require_known(known);
  const auto named = call->target.query.find("model");
  ServedModel& served = call->choose(named == call->target.query.end() ? "" : named->second);
  auto asked = std::make_shared<Asked>();
  asked->call = call;
  asked->model = served.current();
  require_ability(asked->model->abilities, ability, "the model '" + served.name() + "'");
  asked->place = served.batcher().enter(1);
  asked->job = prepare(*call->request, *asked->model->model, call->context.image_limits);
  return asked;
}

// Runs the network, and answers with what `make` makes of its outputs.
template <typename Make>
void run_network(const AskedPtr& asked, const Make& make) {
  Call& call = *asked->call;
  const std::chrono::milliseconds limit(
      call.target.integer("timeout_ms", call.context.limit.count(), 1, 3'600'000));
  BatchJob job;
  job.place = std::move(asked->place);
  job.model = asked->model->model;
  job.single = asked->model->single;
  job.input = job.model->input_of({&asked->job.pixels, 1});
  job.deadline = call.deadline(limit);
  job.gone = call.request->gone;
  job.done = [asked, make](Outcome outcome) {
    asked->call->respond([asked, make, outcome = std::move(outcome)] {
      if (outcome.error) std::rethrow_exception(outcome.error);
      Timing& timing = *asked->job.answer.timing;
      timing.queue = outcome.queue_ms;
      timing.infer = outcome.infer_ms;
      return json_response(make(*asked, outcome.outputs));
    });
  };
  call.served->batcher().submit(std::move(job));
}

void send_answer(const AskedPtr& asked, const AnswerOptions& options) {
  run_network(asked, [options](Asked& given, std::span<const Tensor> outputs) {
    Stopwatch watch;
    const Model& model = *given.model->model;
    Answer& answer = given.job.answer;
    interpret(outputs, 0, model.info(), options, answer);
    answer.timing->post = watch.lap();
    return to_json(answer, model.task(), given.call->served->name());
  });
}

void classify(const CallPtr& call) {
  const AskedPtr asked = accept(call, "classify", {"top"});
  const auto top = call->target.integer("top", 5, 1, 1'000'000);
  send_answer(asked, {.top = static_cast<std::size_t>(top)});
}

void detect(const CallPtr& call) {
  const AskedPtr asked = accept(call, "detect", {"threshold"});
  const double threshold =
      call->target.number("threshold", static_cast<double>(kUsualThreshold), 0.0, 1.0);
  send_answer(asked, {.threshold = static_cast<float>(threshold)});
}

void features(const CallPtr& call) {
  send_answer(accept(call, "features", {}), {});
}

void components(const CallPtr& call) {
  run_network(accept(call, "components", {}), [](Asked& given, std::span<const Tensor> outputs) {
    return components_answer(given.call->served->name(), *given.model, given.job, outputs);
  });
}

// Maps come from a network of its own beside the queue, since others shall not wait for them.
void attention(const CallPtr& call) {
  const AskedPtr asked = accept(call, "attention", {"query"});
  std::optional<std::int64_t> query;
  if (call->target.query.contains("query")) {
    query = call->target.integer("query", 0, 0, 1'000'000);
  }
  call->respond([asked, query] {
    HttpResponse response = json_response(
        attention_answer(asked->call->served->name(), *asked->model, asked->job, query));
    asked->place.reset();  // before the client hears of it and asks the next
    return response;
  });
}

void list_models(const CallPtr& call) {
  Json models = Json::array();
  for (const auto& served : call->context.repository.models()) {
    models.push(model_summary(served->name(), *served->current()));
  }
  call->respond(
      [json = Json::object().set("models", std::move(models))] { return json_response(json); });
}

constexpr Route kImageRoutes[] = {
    {"GET", "v1/models", list_models},   {"POST", "v1/classify", classify},
    {"POST", "v1/detect", detect},       {"POST", "v1/features", features},
    {"POST", "v1/attention", attention}, {"POST", "v1/components", components},
};

}  // namespace

std::span<const Route> image_routes() {
  return kImageRoutes;
}

}  // namespace vitq::apps
