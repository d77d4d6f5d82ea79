// SPDX-License-Identifier: Apache-2.0
#include "common/answer.h"

#include <charconv>
#include <cmath>

#include "vitq/family.h"

namespace vitq::apps {

namespace {

double rounded(double milliseconds) {
  return std::round(1000.0 * milliseconds) / 1000.0;
}

Json list_of(const std::vector<Prediction>& predictions) {
  Json list = Json::array();
  for (const Prediction& prediction : predictions) {
    Json item = Json::object();
    item.set("id", prediction.id).set("label", prediction.label);
    list.push(std::move(item.set("score", exact(prediction.score))));
  }
  return list;
}

Json list_of(const std::vector<Detection>& detections) {
  Json list = Json::array();
  for (const Detection& object : detections) {
    Json item = Json::object();
    item.set("id", object.id).set("label", object.label).set("score", exact(object.score));
    Json box = Json::array();
    for (const float side : sides(object.box)) box.push(exact(side));
    list.push(std::move(item.set("box", std::move(box)).set("query", object.query)));
  }
  return list;
}

Json list_of(const std::vector<float>& values) {
  Json list = Json::array();
  for (const float value : values) list.push(exact(value));
  return list;
}

void set_findings(Json& json, const Answer& answer, Task task) {
  json.set("task", name_of(task));
  switch (task) {
    case Task::kClassification: json.set("predictions", list_of(answer.predictions)); break;
    case Task::kDetection: json.set("detections", list_of(answer.detections)); break;
    case Task::kFeatures: json.set("features", list_of(answer.features)); break;
  }
}

}  // namespace

// Answers the shortest decimal number that is this float: 0.357 rather than 0.35699999332427979.
std::string shortest(float value) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

double exact(float value) {
  const std::string text = shortest(value);
  double exact = 0.0;
  std::from_chars(text.data(), text.data() + text.size(), exact);
  return exact;
}

std::array<float, 4> sides(const Box& box) {
  return {box.x0, box.y0, box.x1, box.y1};
}

void interpret(std::span<const Tensor> outputs, std::size_t row, const ModelInfo& info,
               const AnswerOptions& options, Answer& answer) {
  const auto part = [row](const Tensor& output) {
    const std::span<const float> values = output.as<float>();
    const std::size_t size = values.size() / static_cast<std::size_t>(output.shape()[0]);
    return values.subspan(row * size, size);
  };
  switch (task_of(info)) {
    case Task::kClassification:
      answer.predictions = top_k(part(outputs[0]), info, options.top);
      break;
    case Task::kDetection:
      answer.detections = detections(part(outputs[0]), part(outputs[1]), info,
                                     {answer.width, answer.height}, options.threshold);
      break;
    case Task::kFeatures:
      answer.features.assign(part(outputs[0]).begin(), part(outputs[0]).end());
      answer.tokens = outputs[1].shape();
      break;
  }
}

Json to_json(const Timing& timing) {
  Json json = Json::object();
  json.set("decode", rounded(timing.decode)).set("preprocess", rounded(timing.preprocess));
  if (timing.queue) json.set("queue", rounded(*timing.queue));
  return json.set("infer", rounded(timing.infer)).set("post", rounded(timing.post));
}

Json to_json(const Answer& answer, Task task, const std::string& model) {
  Json json = Json::object();
  if (!answer.image.empty()) json.set("image", answer.image);
  if (!answer.error.empty()) {
    json.set("error", answer.error);
  } else {
    json.set("width", answer.width).set("height", answer.height);
    set_findings(json, answer, task);
  }
  if (answer.timing) json.set("timing_ms", to_json(*answer.timing));
  return json.set("model", model);
}

}  // namespace vitq::apps
