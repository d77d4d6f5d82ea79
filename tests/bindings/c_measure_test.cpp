// SPDX-License-Identifier: Apache-2.0
// What the C interface measures is what the C++ library measures, also of parts that are added up.
#include "bindings/c_support.h"
#include "vitq/compare_models.h"
#include "vitq/evaluate_detection.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// A few images, by their paths and as the C interface takes these.
struct Photos {
  explicit Photos(const TempFolder& temp, int count = 3) {
    for (int i = 0; i < count; ++i) {
      names.push_back(write_image(temp, "p" + std::to_string(i) + ".png", i));
    }
    for (const std::string& name : names) paths.push_back(name.c_str());
  }
  std::vector<std::string> names;
  std::vector<const char*> paths;
};

Json parsed(const OpenResult& result) {
  return Json::parse(result.text(), "result");
}

// Annotations in which one object of the category 1 fills the left half of each image.
std::string annotate(const TempFolder& temp, const Photos& photos, const Model& model) {
  Json images = Json::array();
  Json objects = Json::array();
  for (std::size_t i = 0; i < photos.names.size(); ++i) {
    const auto id = static_cast<std::int64_t>(i) + 1;
    const Image image = read_image(photos.names[i], Exif::kIgnore);
    Json entry = Json::object();
    entry.set("id", id).set("file_name", fs::path(photos.names[i]).filename().string());
    images.push(entry.set("width", image.width).set("height", image.height));
    Json box = Json::array();
    box.push(0).push(0).push(image.width / 2).push(image.height);
    Json object = Json::object();
    object.set("id", id).set("image_id", id).set("category_id", 1).set("iscrowd", 0);
    objects.push(object.set("bbox", box).set("area", image.width / 2 * image.height));
  }
  Json categories = Json::array();
  for (std::int64_t id = 0; id < class_count(model.info()); ++id) {
    const std::vector<std::string>& labels = model.info().labels;
    Json category = Json::object();
    category.set("id", id);
    categories.push(category.set(
        "name", labels.empty() ? std::to_string(id) : labels[static_cast<std::size_t>(id)]));
  }
  Json json = Json::object();
  json.set("images", images).set("categories", categories).set("annotations", objects);
  return temp.file("annotations.json", json.dump());
}

}  // namespace

TEST_CASE("counts are those of the library, and those of parts add up") {
  const TempFolder temp;
  const Photos photos(temp);
  const std::string path = make_model(temp);
  const OpenModel model(path);
  const std::int64_t labels[] = {4, 9, -1};
  std::vector<LabelledImage> images;
  for (std::size_t i = 0; i < 3; ++i) images.push_back({photos.names[i], labels[i]});
  const Accuracy expected = evaluate(Model::load(path), images);
  vitq_measure_options options = {};
  options.size = sizeof(options);
  double right = 0.0;
  double right_of5 = 0.0;
  for (std::size_t i = 0; i < 3; ++i) {
    options.labels = labels + i;
    OpenResult part;
    REQUIRE(vitq_evaluate(model, &photos.paths[i], 1, &options, part.out()) == VITQ_OK);
    right += parsed(part).at("right").number();
    right_of5 += parsed(part).at("right_of5").number();
  }
  CHECK(right == static_cast<double>(expected.right));
  CHECK(right_of5 == static_cast<double>(expected.right_of5));
  options.labels = labels;
  OpenResult all;
  REQUIRE(vitq_evaluate(model, photos.paths.data(), 3, &options, all.out()) == VITQ_OK);
  CHECK(parsed(all).at("images").number() == 3.0);
  CHECK(parsed(all).at("right_of5").number() == right_of5);
  CHECK(parsed(all).at("failed").items().empty());
}

TEST_CASE("an image that cannot be read is told, or left out and told") {
  const TempFolder temp;
  Photos photos(temp, 2);
  photos.paths.push_back("/no/such/image");
  const OpenModel model(make_model(temp));
  OpenResult result;
  check_failed(vitq_evaluate(model, photos.paths.data(), 3, nullptr, result.out()), VITQ_UNREADABLE,
               "/no/such/image");
  vitq_measure_options options = {};
  options.size = sizeof(options);
  options.keep_going = 1;
  REQUIRE(vitq_compare(model, model, photos.paths.data(), 3, &options, result.out()) == VITQ_OK);
  const Json found = parsed(result);
  CHECK(found.at("images").number() == 2.0);
  CHECK(found.at("agreement").number() == 100.0);
  CHECK(found.at("kl_of_each").items().size() == 2);
  CHECK(found.at("failed").items().at(0).at("path").string() == "/no/such/image");
}

TEST_CASE("COCO's figures of parts are those of all images") {
  const TempFolder temp;
  const Photos photos(temp, 5);
  const std::string path = make_model(temp, "hf_detr");
  const Model reference = Model::load(path);
  const std::string annotations = annotate(temp, photos, reference);
  const CocoTruth truth = read_coco_truth(annotations);
  const CategoryMatch match =
      match_categories(reference.info().labels, class_count(reference.info()), truth);
  const Detected detected = detect(reference, truth, match, {.folder = temp.path()});
  const Json expected = to_json(report_detections(truth, detected));
  REQUIRE(!expected.at("AR100").is_null());

  const OpenModel model(path);
  vitq_coco_options options = {};
  options.size = sizeof(options);
  const std::string folder = temp.path().string();
  std::vector<std::string> parts;
  for (options.count = 2; options.first < 6; options.first += 2) {
    OpenResult part;
    REQUIRE_MESSAGE(vitq_coco_detect(model, annotations.c_str(), folder.c_str(), &options,
                                     part.out()) == VITQ_OK,
                    vitq_last_error());
    parts.push_back(part.text());
  }
  std::vector<const char*> texts;
  for (const std::string& part : parts) texts.push_back(part.c_str());
  OpenResult figures;
  REQUIRE_MESSAGE(vitq_coco_figures(model, annotations.c_str(), texts.data(), texts.size(), nullptr,
                                    figures.out()) == VITQ_OK,
                  vitq_last_error());
  CHECK(figures.text() == expected.dump());

  texts.push_back(texts[1]);
  OpenResult twice;
  check_failed(vitq_coco_figures(model, annotations.c_str(), texts.data(), texts.size(), nullptr,
                                 twice.out()),
               VITQ_UNSUPPORTED, "found[3]: $.images[0]: the image 3 is there twice");
  texts = {R"({"images": [77], "results": []})"};
  check_failed(vitq_coco_figures(model, annotations.c_str(), texts.data(), texts.size(), nullptr,
                                 twice.out()),
               VITQ_UNSUPPORTED, "there is no annotated image 77");
  texts = {R"({"images": [1], "results": [)"
           R"({"image_id": 1, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.9},)"
           R"({"image_id": 2, "category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.9}]})"};
  check_failed(vitq_coco_figures(model, annotations.c_str(), texts.data(), texts.size(), nullptr,
                                 twice.out()),
               VITQ_UNSUPPORTED, "found[0]: $.results[1]: its image 2 is not among \"images\"");
}

TEST_CASE("questions that do not fit are refused") {
  const TempFolder temp;
  const Photos photos(temp);
  const OpenModel model(make_model(temp));
  const char* const* paths = photos.paths.data();
  OpenResult result;
  const std::int64_t labels[] = {0, 10, 0};
  vitq_measure_options options = {};
  options.size = sizeof(options);
  options.labels = labels;
  check_failed(vitq_evaluate(model, paths, 3, &options, result.out()), VITQ_USAGE,
               "labels[1] is 10");
  options.labels = nullptr;
  options.batch = -1;
  check_failed(vitq_evaluate(model, paths, 3, &options, result.out()), VITQ_USAGE, "batch");
  check_failed(vitq_evaluate(model, nullptr, 3, nullptr, result.out()), VITQ_USAGE, "images");
  check_failed(vitq_evaluate(model, paths, 0, nullptr, result.out()), VITQ_USAGE, "count is 0");
  check_failed(vitq_evaluate(model, paths, 3, nullptr, nullptr), VITQ_USAGE, "result is null");
  check_failed(vitq_compare(model, 0, paths, 3, nullptr, result.out()), VITQ_USAGE, "no open");
  const OpenModel detector(make_model(temp, "hf_detr"));
  check_failed(vitq_compare(model, detector, paths, 3, nullptr, result.out()), VITQ_UNSUPPORTED,
               "classify");
  check_failed(vitq_coco_detect(model, "x", "x", nullptr, result.out()), VITQ_UNSUPPORTED,
               "does not detect");
  check_failed(vitq_coco_detect(detector, nullptr, "x", nullptr, result.out()), VITQ_USAGE,
               "annotations is null");
  check_failed(vitq_coco_figures(detector, "nowhere", nullptr, 1, nullptr, result.out()),
               VITQ_UNREADABLE, "nowhere");
  check_failed(vitq_find_images("/no/such/folder", result.out()), VITQ_UNREADABLE,
               "/no/such/folder");
  check_failed(vitq_find_images(nullptr, result.out()), VITQ_USAGE, "folder is null");
}

TEST_CASE("the images of a folder are found, and what else is there is told") {
  const TempFolder temp;
  const Photos photos(temp, 2);
  (void)temp.file("notes.txt", "no image");
  OpenResult result;
  const std::string folder = temp.path().string();
  REQUIRE(vitq_find_images(folder.c_str(), result.out()) == VITQ_OK);
  const Json found = parsed(result);
  REQUIRE(found.at("images").items().size() == 2);
  CHECK(found.at("images").items()[1].string() == photos.names[1]);
  CHECK(found.at("left_out").string() == "files .txt: 1");
}
