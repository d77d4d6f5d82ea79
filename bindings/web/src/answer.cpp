// SPDX-License-Identifier: Apache-2.0
#include "common/answer.h"

#include "ask.h"
#include "common/model_facts.h"
#include "common/stopwatch.h"
#include "draw/map_json.h"
#include "vitq/attention.h"
#include "vitq/error.h"
#include "vitq/web.h"

namespace vitq::web {

namespace {

using apps::Answer;
using apps::AnswerOptions;

struct Question {
  std::string kind, model, image;
  AnswerOptions options;
  std::optional<std::int64_t> query;
};

Question question_of(const Json& json) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  Question question = {.kind = json.at("kind").string(),
                       .model = json.at("model").string(),
                       .image = json.at("image").string(),
                       .options = {},
                       .query = {}};
  if (const auto top = json.find("top")) {
    question.options.top = static_cast<std::size_t>(top->integer(1, kMost));
  }
  if (const auto threshold = json.find("threshold")) {
    const double value = threshold->number();
    if (value < 0.0 || value > 1.0) threshold->fail("expected 0 to 1");
    question.options.threshold = static_cast<float>(value);
  }
  if (const auto query = json.find("query")) question.query = query->integer(0, kMost);
  return question;
}

Image image_of(const vitq_web_image& image, const std::string& name) {
  c::required(image.bytes, "image->bytes");
  if (image.width == 0 && image.height == 0) {
    const std::span bytes(reinterpret_cast<const std::byte*>(image.bytes), image.count);
    return decode_image(bytes, name, Exif::kApply);
  }
  Image pixels = make_image(image.width, image.height);
  if (pixels.rgb.size() != image.count) {
    throw c::ArgumentError("pixels have " + std::to_string(image.count) + " bytes, expected " +
                           std::to_string(pixels.rgb.size()));
  }
  std::copy_n(image.bytes, image.count, pixels.rgb.data());
  return pixels;
}

// What is said of a prepared image. `answer` has its size and times, which grow.
Json say(const Model& model, const Question& question, const Tensor& input, Answer& answer) {
  apps::Stopwatch watch;
  const auto on_map = [&](const Json& map) {
    Json json = apps::map_json(answer, model.info().preprocess, question.model);
    return json.set_all(map).set("timing_ms", apps::to_json(*answer.timing));
  };
  if (question.kind == "attention") {
    const AttentionMaps maps = attention_maps(observe_attention(model), input, question.query);
    answer.timing->infer = watch.lap();
    return on_map(apps::map_json(maps));
  }
  const std::vector<Tensor> outputs = model.run(input);
  answer.timing->infer = watch.lap();
  if (question.kind == "components") {
    const Json components = apps::components_json(outputs[1]);
    answer.timing->post = watch.lap();
    return on_map(components);
  }
  apps::interpret(outputs, 0, model.info(), question.options, answer);
  answer.timing->post = watch.lap();
  return apps::to_json(answer, model.task(), question.model);
}

Json answer_of(const Model& model, const Question& question, const vitq_web_image& given) {
  apps::require_ability(apps::abilities(model), question.kind, "this model");
  Answer answer;
  answer.image = question.image;
  answer.timing.emplace();
  apps::Stopwatch watch;
  const Image image = image_of(given, question.image);
  answer.timing->decode = watch.lap();
  answer.width = image.width;
  answer.height = image.height;
  const Tensor input = model.prepare({&image, 1});
  answer.timing->preprocess = watch.lap();
  return say(model, question, input, answer);
}

}  // namespace

}  // namespace vitq::web

const char* vitq_web_isa(void) {
  static const std::string isa = vitq::isa_in_use();
  return isa.c_str();
}

vitq_status vitq_web_describe(vitq_model model, size_t bytes, vitq_result* result) {
  return vitq::c::call([&] {
    vitq_result& made = vitq::c::required(result, "result");
    const auto open = vitq::c::open_model(model);
    vitq::Json json = vitq::Json::parse(open->info, "model").set("input", {});
    vitq::c::Result found;
    found.set(json.set_all(vitq::apps::model_facts(open->model, static_cast<std::int64_t>(bytes))));
    made = vitq::c::hand_out(std::move(found));
  });
}

vitq_status vitq_web_ask(vitq_model model, const char* question, const vitq_web_image* image,
                         vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& found) {
    const auto json = vitq::Json::parse(&vitq::c::required(question, "question"), "question");
    found.set(vitq::web::answer_of(network, vitq::web::question_of(json),
                                   vitq::c::required(image, "image")));
  });
}
