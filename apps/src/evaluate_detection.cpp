// SPDX-License-Identifier: Apache-2.0
#include "evaluate_detection.h"

#include <chrono>
#include <set>

#include "progress.h"
#include "table.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

CocoResult result_of(const Detection& object, std::int64_t image) {
  const auto x = static_cast<double>(object.box.x0);
  const auto y = static_cast<double>(object.box.y0);
  return {.image = image,
          .category = object.id,
          .box = {.x = x,
                  .y = y,
                  .width = static_cast<double>(object.box.x1) - x,
                  .height = static_cast<double>(object.box.y1) - y},
          .score = static_cast<double>(object.score)};
}

std::string percent(const Score& score) {
  return score ? fixed(100.0 * *score, 2) : "nothing to find";
}

Json share(const Score& score) {
  return score ? Json(*score) : Json();
}

}  // namespace

std::vector<CocoResult> detect(Model& model, const CocoTruth& truth,
                               const std::filesystem::path& folder) {
  std::set<std::int64_t> known;
  for (const CocoCategory& category : truth.categories) known.insert(category.id);
  std::vector<CocoResult> results;
  Progress progress(truth.images.size(), "images");
  for (const CocoImage& image : truth.images) {
    const Image picture = read_image(folder / image.file_name, Exif::kIgnore);
    for (const Detection& object : model.detect(picture, 0.0F)) {
      if (known.contains(object.id)) results.push_back(result_of(object, image.id));
    }
    progress.advance();
  }
  return results;
}

DetectionReport evaluate_detection(Model& model, const CocoTruth& truth,
                                   const std::filesystem::path& folder) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<CocoResult> results = detect(model, truth, folder);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  DetectionReport report = {
      .model = {},
      .images = truth.images.size(),
      .objects = truth.objects.size(),
      .images_per_second = static_cast<double>(truth.images.size()) / took.count(),
      .metrics = coco_metrics(truth, results),
      .categories = {}};
  for (const CocoCategory& category : truth.categories) report.categories.push_back(category.name);
  return report;
}

std::string to_text(const DetectionReport& report) {
  Table table({"images", std::to_string(report.images)});
  table.add({"objects", std::to_string(report.objects)});
  for (const auto& [name, score] : figures(report.metrics)) table.add({name, percent(score)});
  table.add({"images per second", fixed(report.images_per_second, 1)});
  return table.str();
}

Json to_json(const DetectionReport& report) {
  Json json = Json::object();
  json.set("model", report.model).set("images", static_cast<std::int64_t>(report.images));
  json.set("objects", static_cast<std::int64_t>(report.objects));
  for (const auto& [name, score] : figures(report.metrics)) json.set(name, share(score));
  Json categories = Json::object();
  for (std::size_t i = 0; i < report.categories.size(); ++i) {
    categories.set(report.categories[i], share(report.metrics.category_ap[i]));
  }
  json.set("AP_by_category", std::move(categories));
  return json.set("images_per_second", report.images_per_second);
}

}  // namespace vitq::apps
