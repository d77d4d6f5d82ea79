// SPDX-License-Identifier: Apache-2.0
// Annotations and results in COCO's JSON, good and bad.
#include "vitq/coco.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"
#include "vitq/error.h"

using namespace vitq;
using vitq::test::TempFolder;

namespace {

constexpr const char* kImage = R"({"id": 7, "file_name": "a/b.jpg", "width": 60, "height": 40})";
constexpr const char* kCategory = R"({"id": 18, "name": "dog"})";
constexpr const char* kObject =
    R"({"id": 1, "image_id": 7, "category_id": 18, "bbox": [1, 2, 3.5, 4], "area": 9})";

std::string list(const std::string& items) {
  return "[" + items + "]";
}

Json truth_json(const std::string& images, const std::string& categories,
                const std::string& annotations) {
  return Json::parse("{\"images\": " + list(images) + ", \"categories\": " + list(categories) +
                         ", \"annotations\": " + list(annotations) + "}",
                     "truth.json");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

void check_refused(const auto& read, const std::string& place, const std::string& message) {
  std::string found = "nothing was refused";
  try {
    read();
  } catch (const FileError& error) {
    CHECK(error.fault() == Fault::kMalformed);
    found = error.what();
  }
  CAPTURE(found);
  CHECK(found.find(place) != std::string::npos);
  CHECK(found.find(message) != std::string::npos);
}

void check_object_refused(const std::string& from, const std::string& to, const std::string& place,
                          const std::string& message) {
  check_refused(
      [&] { parse_coco_truth(truth_json(kImage, kCategory, replaced(kObject, from, to))); },
      "truth.json: $.annotations[0]" + place, message);
}

std::string twice(const std::string& text) {
  return text + ", " + text;
}

}  // namespace

TEST_CASE("annotations are read with what evaluation needs; the rest is left alone") {
  const std::string crowd = R"({"id": 0, "image_id": 7, "category_id": 18, "bbox": [0, 0, 9, 9],
      "area": 50.5, "iscrowd": 1, "segmentation": {"counts": "x", "size": [40, 60]}})";
  const CocoTruth truth =
      parse_coco_truth(truth_json(R"({"id": 9, "file_name": "c.png"}, )" + std::string(kImage),
                                  kCategory, std::string(kObject) + ", " + crowd));
  REQUIRE(truth.images.size() == 2);
  CHECK(truth.images[0].id == 7);
  CHECK(truth.images[0].width == 60);
  CHECK(truth.images[1].height == 0);
  CHECK(truth.categories[0].name == "dog");
  REQUIRE(truth.objects.size() == 2);
  CHECK(truth.objects[0].box.width == 3.5);
  CHECK_FALSE(truth.objects[0].crowd);
  CHECK(truth.objects[1].crowd);
  CHECK(truth.objects[1].area == 50.5);
}

TEST_CASE("ids that occur twice are refused") {
  const auto read = [](const char* images, const char* categories, const std::string& objects) {
    return [=] { parse_coco_truth(truth_json(images, categories, objects)); };
  };
  const std::string images = twice(kImage);
  check_refused(read(images.c_str(), kCategory, ""), "$.images[1].id", "the id 7 occurs twice");
  const std::string categories = twice(kCategory);
  check_refused(read(kImage, categories.c_str(), ""), "$.categories[1].id", "occurs twice");
  check_refused(read(kImage, kCategory, twice(kObject)), "$.annotations[1].id", "occurs twice");
  check_refused(read("", kCategory, ""), "$.images", "there are no images");
  check_refused(read(kImage, "", ""), "$.categories", "there are no categories");
}

TEST_CASE("annotations of nothing and boxes that are none are refused") {
  check_object_refused("\"image_id\": 7", "\"image_id\": 8", ".image_id",
                       "there is no 8 among the images");
  check_object_refused("\"category_id\": 18", "\"category_id\": 3", ".category_id",
                       "there is no 3 among the categories");
  check_object_refused("3.5", "-3.5", ".bbox[2]", "expected a width of at least 0, found -3.5");
  check_object_refused("4]", "-1]", ".bbox[3]", "expected a height of at least 0");
  check_object_refused("4]", "4, 5]", ".bbox", "found 5 elements");
  check_object_refused("9}", "-9}", ".area", "expected an area of at least 0");
  check_object_refused("9}", "9, \"iscrowd\": 2}", ".iscrowd", "expected an integer from 0 to 1");
  check_object_refused("\"id\": 1", "\"id\": [1]", ".id", "expected an integer");
  check_object_refused("\"image_id\": 7", "\"image_id\": 7.5", ".image_id", "expected an integer");
  check_object_refused("\"bbox\"", "\"box\"", "", "expected a member \"bbox\"");
  check_refused([] { truth_json(kImage, kCategory, replaced(kObject, "3.5", "NaN")); },
                "truth.json", "");
  check_refused([] { truth_json(kImage, kCategory, replaced(kObject, "3.5", "1e999")); },
                "truth.json", "");
}

TEST_CASE("images outside of their folder are refused") {
  for (const char* name :
       {"/etc/../a.jpg", "/", "../a.jpg", "a/../../b.jpg", "", "a\\u0000b.jpg"}) {
    CAPTURE(name);
    check_refused(
        [&] { parse_coco_truth(truth_json(replaced(kImage, "a/b.jpg", name), kCategory, "")); },
        "$.images[0].file_name", "expected a file name within the folder of images");
  }
}

TEST_CASE("what tools write and pycocotools reads is read: sides, ids and names of other kinds") {
  const std::string images =
      R"({"id": 7.0, "file_name": "/elsewhere/b.jpg", "width": -1, "height": 40.0},)"
      R"({"id": 8, "file_name": "c.jpg", "width": "60", "height": null})";
  const std::string twins = R"({"id": 0, "name": "dog"}, {"id": 18, "name": "dog"})";
  const std::string objects =
      replaced(kObject, "1,", "\"a-1\",") + ", " +
      replaced(replaced(kObject, "1,", "-1,"), "9}", "9, \"iscrowd\": true}");
  const CocoTruth truth = parse_coco_truth(truth_json(images, twins, objects));
  CHECK(truth.images[0].id == 7);
  CHECK(truth.images[0].width == 0);
  CHECK(truth.images[0].height == 40);
  CHECK(truth.images[1].width == 0);
  CHECK(truth.images[1].height == 0);
  CHECK(truth.categories.size() == 2);
  REQUIRE(truth.objects.size() == 2);
  CHECK(truth.objects[1].crowd);
  CHECK_FALSE(truth.zero_id);
  CHECK(parse_coco_truth(truth_json(kImage, kCategory, replaced(kObject, "1,", "0,"))).zero_id);
  const std::string named = replaced(kObject, "1,", "\"a\",");
  check_refused([&] { parse_coco_truth(truth_json(kImage, kCategory, twice(named))); },
                "$.annotations[1].id", "the id \"a\" occurs twice");
}

TEST_CASE("an absolute name is a file of the folder: that below it, or else of the last part") {
  const auto path = [](const char* name) {
    return image_path({1, name, 0, 0}, "/data/val").string();
  };
  CHECK(path("a/b.jpg") == "/data/val/a/b.jpg");
  CHECK(path("/data/val/a/b.jpg") == "/data/val/a/b.jpg");
  CHECK(path("/data/value/b.jpg") == "/data/val/b.jpg");
}

TEST_CASE("a file is read as its parsed JSON is, whatever the order of its lists") {
  const TempFolder temp;
  const std::string object = replaced(kObject, "3.5", "3.25");
  const std::string text = "{\"annotations\": " + list(object) +
                           ", \"info\": {\"year\": [2026]}, " +
                           "\"licenses\": [{}, 3], \"categories\": " + list(kCategory) +
                           ", \"images\": " + list(kImage) + "}";
  const CocoTruth truth = read_coco_truth(temp.file("truth.json", text));
  REQUIRE(truth.objects.size() == 1);
  CHECK(truth.objects[0].box.width == 3.25);
  CHECK(truth.images[0].file_name == "a/b.jpg");
  const auto read = [&temp](const std::string& damaged) {
    return [&temp, damaged] { read_coco_truth(temp.file("truth.json", damaged)); };
  };
  check_refused(read(replaced(text, "3.25", "-3.25")), "truth.json: $.annotations[0].bbox[2]",
                "expected a width of at least 0, found -3.25");
  check_refused(read(replaced(text, "\"image_id\": 7", "\"image_id\": 9")),
                "truth.json: $.annotations[0].image_id", "there is no 9 among the images");
  check_refused(read(replaced(text, "\"images\"", "\"image\"")), "truth.json: $", "\"images\"");
  check_refused(read(replaced(text, list(kImage), "{}")), "$.images", "expected an array");
}

TEST_CASE("results must be of annotated images and categories") {
  const CocoTruth truth = parse_coco_truth(truth_json(kImage, kCategory, kObject));
  const std::string good =
      R"([{"image_id": 7, "category_id": 18, "bbox": [1, 2, 3, 4], "score": 0.5}])";
  const auto read = [&truth](const std::string& text) {
    return [&truth, text] { parse_coco_results(Json::parse(text, "found.json"), truth); };
  };
  CHECK(parse_coco_results(Json::parse(good, "found.json"), truth)[0].score == 0.5);
  check_refused(read(replaced(good, "7", "8")), "found.json: $[0].image_id",
                "there is no 8 among the annotated images");
  check_refused(read(replaced(good, "18", "1")), "found.json: $[0].category_id",
                "there is no 1 among the annotated categories");
  check_refused(read(replaced(good, "3", "-3")), "$[0].bbox[2]", "at least 0");
  check_refused(read(replaced(good, "0.5", "\"high\"")), "$[0].score", "expected a number");
  check_refused(read("{}"), "found.json: $", "expected an array");
}

TEST_CASE("a limit takes images from all over, with their objects") {
  CocoTruth truth;
  truth.categories = {{1, "cat"}};
  for (std::int64_t id = 0; id < 4; ++id) {
    truth.images.push_back({id, "a.jpg", 0, 0});
    truth.objects.push_back({id, 1, {}, 0.0, false});
  }
  const CocoTruth half = spread(truth, 2);
  REQUIRE(half.images.size() == 2);
  CHECK(half.images[1].id == 2);
  REQUIRE(half.objects.size() == 2);
  CHECK(half.objects[1].image == 2);
  CHECK(spread(truth, 9).images.size() == 4);
}
