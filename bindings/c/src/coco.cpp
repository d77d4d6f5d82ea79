// SPDX-License-Identifier: Apache-2.0
// Folders of images, and detectors on annotated ones.
#include "ask.h"
#include "paths.h"
#include "vitq/evaluate_detection.h"
#include "vitq/image_folder.h"

namespace vitq::c {

namespace {

// Annotations as a model knows their categories.
struct Annotated {
  CategoryMatch match;
  CocoTruth truth;
};

Annotated read_annotated(const Model& model, const char* annotations,
                         const vitq_coco_options& options) {
  require_detector(model);
  const CocoTruth all = read_coco_truth(&required(annotations, "annotations"));
  const ModelInfo& info = model.info();
  Annotated known = {match_categories(info.labels, class_count(info), all), {}};
  require_matched(known.match, options.ignore_unmatched != 0);
  known.truth = without(all, known.match.unmatched);
  return known;
}

// Those of the images that the options are about.
CocoTruth part_of(const CocoTruth& truth, const vitq_coco_options& options) {
  require_not_negative(options.first, "options->first");
  require_not_negative(options.count, "options->count");
  const auto all = static_cast<std::int64_t>(truth.images.size());
  const std::int64_t first = std::min(options.first, all);
  const std::int64_t most = all - first;
  const std::int64_t count = options.count == 0 ? most : std::min(options.count, most);
  const auto begin = truth.images.begin() + first;
  return with_images(truth, {begin, begin + count});
}

// Images that are left out are added to `failed`.
DetectOptions options_of(const vitq_coco_options& given, const char* folder, Json& failed) {
  require_not_negative(given.threads, "options->threads");
  DetectOptions options = {.folder = &required(folder, "folder")};
  options.threads = given.threads == 0 ? default_threads() : given.threads;
  if (given.keep_going == 0) return options;
  options.failed = [&failed, place = options.folder](const CocoImage& image, const Error& reason) {
    Json each = Json::object();
    each.set("path", image_path(image, place).string());
    failed.push(std::move(each.set("error", reason.what())));
  };
  return options;
}

// Texts of many images are long.
constexpr Json::Limits kLimits = {.bytes = 2'000'000'000, .tokens = 400'000'000};

}  // namespace

}  // namespace vitq::c

vitq_status vitq_find_images(const char* folder, vitq_result* result) {
  return vitq::c::call([&] {
    vitq_result& made = vitq::c::required(result, "result");
    vitq::LeftOut left_out;
    std::vector<std::string> images;
    for (const std::filesystem::path& path :
         vitq::images_in(&vitq::c::required(folder, "folder"), vitq::Below::kTaken, left_out)) {
      images.push_back(path.string());
    }
    vitq::Json json = vitq::Json::object();
    json.set("images", vitq::Json::array(images)).set("left_out", left_out.str());
    vitq::c::Result found;
    found.set(json.set("endings", vitq::image_endings()));
    made = vitq::c::hand_out(std::move(found));
  });
}

vitq_status vitq_coco_detect(vitq_model model, const char* annotations, const char* folder,
                             const vitq_coco_options* options, vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& found) {
    const vitq_coco_options known = vitq::c::known_part(options, "options");
    const vitq::c::Annotated annotated = vitq::c::read_annotated(network, annotations, known);
    vitq::Json failed = vitq::Json::array();
    const vitq::DetectOptions how = vitq::c::options_of(known, folder, failed);
    vitq::Json json =
        to_json(detect(network, vitq::c::part_of(annotated.truth, known), annotated.match, how));
    found.set(json.set("failed", std::move(failed)));
  });
}

// NOLINTNEXTLINE(readability-function-size): a list of C is two parameters, and so is an answer
vitq_status vitq_coco_figures(vitq_model model, const char* annotations, const char* const* found,
                              size_t count, const vitq_coco_options* options, vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& figures) {
    const vitq_coco_options known = vitq::c::known_part(options, "options");
    const vitq::c::Annotated annotated = vitq::c::read_annotated(network, annotations, known);
    vitq::c::required(found, "found");
    vitq::Detected all;
    for (size_t i = 0; i < count; ++i) {
      const std::string name = "found[" + std::to_string(i) + "]";
      const char* text = &vitq::c::required(found[i], name.c_str());
      add_detected(vitq::Json::parse(text, name, vitq::c::kLimits), annotated.truth, all);
    }
    figures.set(to_json(report_detections(annotated.truth, all)));
  });
}
