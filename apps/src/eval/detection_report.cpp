// SPDX-License-Identifier: Apache-2.0
#include "eval/detection_report.h"

#include <chrono>

#include "common/progress.h"
#include "common/table.h"

namespace vitq::apps {

namespace {

std::string percent(const Score& score) {
  return score ? fixed(100.0 * *score, 2) : "nothing to find";
}

}  // namespace

AnnotatedReport evaluate_detection(const Model& model, const CocoTruth& truth,
                                   const CategoryMatch& match, DetectOptions options,
                                   Failures* failures) {
  Progress progress(truth.images.size(), "images");
  options.progress = [&progress] { progress.advance(); };
  if (failures != nullptr) {
    options.failed = [failures](const CocoImage&, const Error& error) { failures->add(error); };
  }
  const auto start = std::chrono::steady_clock::now();
  const Detected found = detect(model, truth, match, options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return {.model = {},
          .images_per_second = static_cast<double>(found.images.size()) / took.count(),
          .found = report_detections(truth, found)};
}

std::string to_text(const AnnotatedReport& report) {
  Table table({"images", std::to_string(report.found.images)});
  table.add({"objects", std::to_string(report.found.objects)});
  for (const auto& [name, score] : figures(report.found.metrics)) {
    table.add({name, percent(score)});
  }
  table.add({"images per second", fixed(report.images_per_second, 1)});
  return table.str();
}

Json to_json(const AnnotatedReport& report) {
  Json json = Json::object();
  json.set("model", report.model).set_all(vitq::to_json(report.found));
  return json.set("images_per_second", report.images_per_second);
}

}  // namespace vitq::apps
