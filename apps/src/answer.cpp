// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include <array>
#include <charconv>
#include <cstdlib>

#include "table.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

// The shortest decimal number that is this float: 0.357 rather than 0.35699999332427979.
std::string shortest(float value) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

double rounded(double milliseconds) {
  return std::strtod(fixed(milliseconds, 3).c_str(), nullptr);
}

Json to_json(const Timing& timing) {
  Json json = Json::object();
  json.set("decode", rounded(timing.decode)).set("preprocess", rounded(timing.preprocess));
  return json.set("infer", rounded(timing.infer)).set("post", rounded(timing.post));
}

std::string in_text(const Answer& answer) {
  std::string text = answer.image;
  if (answer.timing) {
    text += "  (ms: decode " + fixed(answer.timing->decode, 1) + ", preprocess " +
            fixed(answer.timing->preprocess, 1) + ", infer " + fixed(answer.timing->infer, 1) +
            ", post " + fixed(answer.timing->post, 2) + ")";
  }
  text += '\n';
  for (const Prediction& prediction : answer.predictions) {
    text += "  " + fixed(static_cast<double>(prediction.score), 3) + "  " + prediction.label + '\n';
  }
  if (!answer.error.empty()) text += "  error: " + answer.error + '\n';
  return text;
}

std::string in_csv(const Answer& answer) {
  std::string text;
  for (std::size_t i = 0; i < answer.predictions.size(); ++i) {
    const Prediction& prediction = answer.predictions[i];
    text += csv_field(answer.image) + ',' + std::to_string(i + 1) + ',' +
            std::to_string(prediction.id) + ',' + csv_field(prediction.label) + ',' +
            shortest(prediction.score) + '\n';
  }
  return text;
}

}  // namespace

Json to_json(const Answer& answer, const std::string& model) {
  Json json = Json::object();
  json.set("image", answer.image);
  if (answer.error.empty()) {
    Json predictions = Json::array();
    for (const Prediction& prediction : answer.predictions) {
      Json item = Json::object();
      item.set("id", prediction.id).set("label", prediction.label);
      item.set("score", std::strtod(shortest(prediction.score).c_str(), nullptr));
      predictions.push(std::move(item));
    }
    json.set("width", answer.width).set("height", answer.height);
    json.set("task", "classification").set("predictions", std::move(predictions));
  } else {
    json.set("error", answer.error);
  }
  if (answer.timing) json.set("timing_ms", to_json(*answer.timing));
  return json.set("model", model);
}

AnswerWriter::AnswerWriter(Format format, std::string model, Output& output)
    : format_(format), model_(std::move(model)), output_(output) {
  if (format_ == Format::kCsv) output_.write("image,rank,id,label,score\n");
}

void AnswerWriter::write(const Answer& answer) {
  switch (format_) {
    case Format::kText: output_.write(in_text(answer)); break;
    case Format::kJson: objects_.push_back(to_json(answer, model_)); break;
    case Format::kJsonl: output_.write(to_json(answer, model_).dump() + '\n'); break;
    case Format::kCsv: output_.write(in_csv(answer)); break;
  }
}

void AnswerWriter::finish() {
  if (format_ == Format::kJson && objects_.size() == 1) {
    output_.write(objects_[0].dump(2) + '\n');
  } else if (format_ == Format::kJson) {
    Json list = Json::array();
    for (Json& object : objects_) list.push(std::move(object));
    output_.write(list.dump(2) + '\n');
  }
  output_.finish();
}

void require_classifier(const Model& model) {
  if (model.task() == Task::kClassification) return;
  throw UnsupportedError("a model of family '" + model.info().family +
                         "' detects; the programs print classes only (Model::detect finds boxes)");
}

}  // namespace vitq::apps
