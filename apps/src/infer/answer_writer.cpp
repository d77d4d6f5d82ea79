// SPDX-License-Identifier: Apache-2.0
#include "infer/answer_writer.h"

#include <algorithm>
#include <cmath>

#include "common/table.h"

namespace vitq::apps {

namespace {

// Whoever wants all of the numbers takes JSON or --features.
std::string features_text(const Answer& answer) {
  constexpr std::size_t kShown = 4;
  double energy = 0.0;
  for (const float v : answer.features) energy += static_cast<double>(v) * static_cast<double>(v);
  std::string text = "  " + std::to_string(answer.features.size()) + " features of length " +
                     fixed(std::sqrt(energy), 3) + ":";
  for (std::size_t i = 0; i < std::min(kShown, answer.features.size()); ++i) {
    text += ' ' + fixed(static_cast<double>(answer.features[i]), 3);
  }
  return text + " ...; " + std::to_string(answer.tokens[1]) + " x " +
         std::to_string(answer.tokens[2]) + " tokens of " + std::to_string(answer.tokens[3]) + '\n';
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
  for (const Detection& object : answer.detections) {
    text += "  " + fixed(static_cast<double>(object.score), 3) + "  " + object.label + "  ";
    for (const float side : sides(object.box)) text += ' ' + fixed(static_cast<double>(side), 1);
    text += '\n';
  }
  if (!answer.features.empty()) text += features_text(answer);
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
  for (std::size_t i = 0; i < answer.detections.size(); ++i) {
    const Detection& object = answer.detections[i];
    text += csv_field(answer.image) + ',' + std::to_string(i + 1) + ',' +
            std::to_string(object.id) + ',' + csv_field(object.label) + ',' +
            shortest(object.score);
    for (const float side : sides(object.box)) text += ',' + shortest(side);
    text += '\n';
  }
  return text;
}

std::vector<Json> coco_results(const Answer& answer, const CocoIds& ids) {
  std::vector<Json> results;
  if (!answer.error.empty()) return results;
  const std::int64_t image = ids.image(answer.image);
  for (const Detection& object : answer.detections) {
    const std::optional<std::int64_t> category = ids.category(object.id);
    if (!category) continue;
    const Box& b = object.box;
    Json box = Json::array();
    for (const float side : {b.x0, b.y0, b.x1 - b.x0, b.y1 - b.y0}) box.push(exact(side));
    Json item = Json::object();
    item.set("image_id", image).set("category_id", *category).set("bbox", std::move(box));
    results.push_back(std::move(item.set("score", exact(object.score))));
  }
  return results;
}

}  // namespace

AnswerWriter::AnswerWriter(Format format, Task task, std::string model, Output& output)
    : format_(format), task_(task), model_(std::move(model)), output_(output) {
  if (format_ != Format::kCsv) return;
  output_.write(task == Task::kDetection ? "image,rank,id,label,score,x0,y0,x1,y1\n"
                                         : "image,rank,id,label,score\n");
}

void AnswerWriter::write(const Answer& answer) {
  switch (format_) {
    case Format::kText: output_.write(in_text(answer)); break;
    case Format::kJson: objects_.push_back(to_json(answer, task_, model_)); break;
    case Format::kJsonl: output_.write(to_json(answer, task_, model_).dump() + '\n'); break;
    case Format::kCsv: output_.write(in_csv(answer)); break;
    case Format::kCoco:
      for (Json& result : coco_results(answer, ids_)) objects_.push_back(std::move(result));
      break;
  }
}

void AnswerWriter::finish() {
  if (format_ == Format::kJson && objects_.size() == 1) {
    output_.write(objects_[0].dump(2) + '\n');
  } else if (format_ == Format::kJson || format_ == Format::kCoco) {
    Json list = Json::array();
    for (Json& object : objects_) list.push(std::move(object));
    output_.write(list.dump(2) + '\n');
  }
  output_.finish();
}

}  // namespace vitq::apps
