// SPDX-License-Identifier: Apache-2.0
#include "vitq/evaluate_detection.h"

#include <algorithm>
#include <limits>
#include <set>
#include <span>

#include "vitq/error.h"
#include "vitq/in_order.h"
#include "vitq/with_context.h"

namespace vitq {

namespace {

// This is checked before the first of them is looked at, because an evaluation takes long.
void require_images(const CocoTruth& truth, const std::filesystem::path& folder) {
  const auto missing = [&folder](const CocoImage& image) {
    return !std::filesystem::is_regular_file(image_path(image, folder));
  };
  const auto count = std::count_if(truth.images.begin(), truth.images.end(), missing);
  if (count == 0) return;
  const auto first = std::find_if(truth.images.begin(), truth.images.end(), missing);
  throw FileError(Fault::kUnreadable, image_path(*first, folder).string(),
                  "is not there; of the annotations' " + std::to_string(truth.images.size()) +
                      " images " + std::to_string(count) + " are missing");
}

Image read_annotated(const CocoImage& annotated, const DetectOptions& source) {
  const std::filesystem::path path = image_path(annotated, source.folder);
  Image image = read_image(path, Exif::kIgnore, source.limits);
  const bool unknown = annotated.width == 0 || annotated.height == 0;
  if (unknown || (image.width == annotated.width && image.height == annotated.height)) return image;
  const auto size = [](int width, int height) {
    return std::to_string(width) + " x " + std::to_string(height);
  };
  throw FileError(Fault::kMismatch, path.string(),
                  size(image.width, image.height) + " pixels, where the annotations say " +
                      size(annotated.width, annotated.height));
}

CocoResult result_of(const Detection& object, std::int64_t image, std::int64_t category) {
  const auto x = static_cast<double>(object.box.x0);
  const auto y = static_cast<double>(object.box.y0);
  return {.image = image,
          .category = category,
          .box = {.x = x,
                  .y = y,
                  .width = static_cast<double>(object.box.x1) - x,
                  .height = static_cast<double>(object.box.y1) - y},
          .score = static_cast<double>(object.score)};
}

Json share(const Score& score) {
  return score ? Json(*score) : Json();
}

// An image as the network takes it, or why there is none.
struct Prepared {
  Tensor input;
  ImageSize size = {};
  std::exception_ptr error = nullptr;
};

Prepared prepare(const Model& model, const CocoImage& annotated, const DetectOptions& source) {
  Prepared prepared;
  try {
    const Image image = read_annotated(annotated, source);
    prepared.size = {image.width, image.height};
    prepared.input = with_context(annotated.file_name, [&] { return model.prepare({&image, 1}); });
  } catch (const Error&) {
    prepared.error = std::current_exception();
  }
  return prepared;
}

// Puts what the model finds in one image to the results, or throws why there is no image.
void look_at(const Model& model, const CocoImage& annotated, const Prepared& prepared,
             const CategoryMatch& match, std::vector<CocoResult>& results) {
  if (prepared.error) std::rethrow_exception(prepared.error);
  const std::vector<Tensor> outputs =
      with_context(annotated.file_name, [&] { return model.run(prepared.input); });
  for (const Detection& object : detections(outputs[0].as<float>(), outputs[1].as<float>(),
                                            model.info(), prepared.size, 0.0F)) {
    const auto category = match.category_of.find(object.id);
    if (category == match.category_of.end()) continue;
    results.push_back(result_of(object, annotated.id, category->second));
  }
}

// Results in images that a text does not list would count beside those of the text that does.
void require_images_of(std::span<const CocoResult> results, std::span<const CocoImage> images,
                       const Json& json) {
  std::set<std::int64_t> listed;
  for (const CocoImage& image : images) listed.insert(image.id);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (listed.contains(results[i].image)) continue;
    json.at("results").items()[i].fail("its image " + std::to_string(results[i].image) +
                                       " is not among \"images\"");
  }
}

}  // namespace

void require_detector(const Model& model) {
  if (model.task() == Task::kDetection) return;
  throw UnsupportedError("a model of the family '" + model.info().family +
                         "' does not detect objects; COCO's figures are for detectors");
}

Detected detect(const Model& model, const CocoTruth& truth, const CategoryMatch& match,
                const DetectOptions& options) {
  require_detector(model);
  if (!options.failed) require_images(truth, options.folder);
  Detected found;
  std::size_t next = 0;
  const auto take = [&](const Prepared& prepared) {
    const CocoImage& annotated = truth.images[next++];
    try {
      look_at(model, annotated, prepared, match, found.results);
      found.images.push_back(annotated);
    } catch (const Error& error) {
      if (!options.failed) throw;
      options.failed(annotated, error);
    }
    if (options.progress) options.progress();
  };
  // The next images are read while the network runs on all threads.
  in_order(
      truth.images.size(), options.threads,
      [&](std::size_t i) { return prepare(model, truth.images[i], options); }, take);
  return found;
}

DetectionReport report_detections(const CocoTruth& truth, const Detected& found) {
  const CocoTruth seen = with_images(truth, found.images);
  DetectionReport report = {.images = seen.images.size(),
                            .objects = seen.objects.size(),
                            .metrics = coco_metrics(seen, found.results),
                            .categories = {}};
  for (const CocoCategory& category : truth.categories) report.categories.push_back(category.name);
  return report;
}

Json to_json(const DetectionReport& report) {
  Json json = Json::object();
  json.set("images", static_cast<std::int64_t>(report.images));
  json.set("objects", static_cast<std::int64_t>(report.objects));
  for (const auto& [name, score] : figures(report.metrics)) json.set(name, share(score));
  Json categories = Json::object();
  for (std::size_t i = 0; i < report.categories.size(); ++i) {
    // Of categories of one name, only one has objects.
    const Score& score = report.metrics.category_ap[i];
    const std::string& name = report.categories[i];
    if (score || !categories.contains(name)) categories.set(name, share(score));
  }
  return json.set("AP_by_category", std::move(categories));
}

Json to_json(const Detected& found) {
  Json images = Json::array();
  for (const CocoImage& image : found.images) images.push(image.id);
  Json results = Json::array();
  for (const CocoResult& each : found.results) {
    Json box = Json::array();
    box.push(each.box.x).push(each.box.y).push(each.box.width).push(each.box.height);
    Json result = Json::object();
    result.set("image_id", each.image).set("category_id", each.category);
    results.push(std::move(result.set("bbox", std::move(box)).set("score", each.score)));
  }
  return Json::object().set("images", std::move(images)).set("results", std::move(results));
}

void add_detected(const Json& json, const CocoTruth& truth, Detected& found) {
  using Limits = std::numeric_limits<std::int64_t>;
  std::set<std::int64_t> seen;
  for (const CocoImage& image : found.images) seen.insert(image.id);
  const std::size_t before = found.images.size();
  for (const Json& each : json.at("images").items()) {
    const std::int64_t id = each.integer(Limits::min(), Limits::max());
    const auto image = std::ranges::lower_bound(truth.images, id, {}, &CocoImage::id);
    if (image == truth.images.end() || image->id != id) {
      each.fail("there is no annotated image " + std::to_string(id));
    }
    if (!seen.insert(id).second) each.fail("the image " + std::to_string(id) + " is there twice");
    found.images.push_back(*image);
  }
  const std::vector<CocoResult> results = parse_coco_results(json.at("results"), truth);
  require_images_of(results, std::span(found.images).subspan(before), json);
  found.results.insert(found.results.end(), results.begin(), results.end());
}

}  // namespace vitq
