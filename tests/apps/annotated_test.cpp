// SPDX-License-Identifier: Apache-2.0
// Programs on annotated images: the ids of COCO's results, and what vit_eval counts and refuses.
#include <fstream>

#include "run.h"
#include "vitq/coco_classes.h"
#include "vitq/error.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

namespace {

std::string make_scenes(const TempFolder& temp, int width) {
  std::ofstream(temp.path() / "instances.json")
      << R"({"images": [{"id": 7, "file_name": "7.png", "height": 30, "width": )" << width
      << R"(}], "categories": [{"id": 3, "name": "cat"}], "annotations": [)"
      << R"({"id": 1, "image_id": 7, "category_id": 3, "bbox": [1, 2, 20, 10], "area": 200,)"
      << R"( "iscrowd": 0}]})";
  write_image(temp, "7.png", 1);
  return (temp.path() / "instances.json").string();
}

}  // namespace

TEST_CASE("COCO's results call images by the number that is the name, and by no part of it") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  for (const char* name : {"COCO_val2014_000000000042.png", "dog_jpg.rf.3fa1c2.png", "42a.png"}) {
    CAPTURE(name);
    check_refused(run("vit_infer", {"-m", model, write_image(temp, name, 0), "-f", "coco"}), 2,
                  "is none; --coco FILE takes ids from an annotations file");
  }
  const std::string image = write_image(temp, "139.png", 1);
  const Result result = run("vit_infer", {"-m", model, image, "--threshold", "0", "-f", "coco"});
  REQUIRE(result.code == 0);
  CHECK(Json::parse(result.out, "results").items().at(0).at("image_id").integer(0, 1000) == 139);
  fs::create_directories(temp.path() / "more");
  const std::string again = write_image(temp, "more/0139.png", 2);
  check_refused(run("vit_infer", {"-m", model, image, again, "-f", "coco"}), 2,
                "would both be COCO's image 139");
}

TEST_CASE("COCO's results take ids of images and categories from an annotations file") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string truth = temp.file("truth.json", R"({"annotations": [], "images":
      [{"id": 5, "file_name": "a/x.png"}, {"id": 6, "file_name": "b/x.png"}], "categories":
      [{"id": 30, "name": "ant"}, {"id": 31, "name": "bee"}, {"id": 32, "name": "cat"},
       {"id": 33, "name": "dog"}, {"id": 34, "name": "elk"}, {"id": 35, "name": "fox"},
       {"id": 36, "name": "gnu"}, {"id": 37, "name": "hen"}, {"id": 38, "name": "ibis, a bird"},
       {"id": 39, "name": "jay"}]})");
  fs::create_directories(temp.path() / "b");
  const std::string image = write_image(temp, "b/x.png", 0);
  const auto answer = [&](const std::string& format, const std::vector<std::string>& more) {
    std::vector<std::string> all = {"-m", model, image, "--threshold", "0", "-f", format};
    all.insert(all.end(), more.begin(), more.end());
    const Result result = run("vit_infer", all);
    REQUIRE_MESSAGE(result.code == 0, result.err);
    return Json::parse(result.out, "answer");
  };
  const std::vector<Json> found = answer("coco", {"--coco", truth}).items();
  const std::vector<Json> objects = answer("json", {}).at("detections").items();
  REQUIRE(found.size() == objects.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].at("image_id").integer(0, 9) == 6);
    CHECK(found[i].at("category_id").integer(0, 99) == 30 + objects[i].at("id").integer(0, 9));
  }
  const std::string other = write_image(temp, "y.png", 0);
  check_refused(run("vit_infer", {"-m", model, other, "-f", "coco", "--coco", truth}), 2,
                "y.png' is none of the images of");
  check_refused(run("vit_infer", {"-m", model, image, "--coco", truth}), 2, "-f coco");
}

TEST_CASE("categories that no class is named after are listed with the nearest, and are an error") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string scenes = make_scenes(temp, 40);
  std::string text = contents_of(scenes);
  const std::string one = R"({"id": 3, "name": "cat"})";
  text.replace(text.find(one), one.size(), one + R"(, {"id": 4, "name": "Dog"})");
  temp.file("instances.json", text);
  std::vector<std::string> command = {
      model, "--coco", scenes, "--images", temp.path().string(), "--format", "json"};
  check_refused(run("vit_eval", command), 4, "'Dog' (nearest class: 'dog')");
  command.emplace_back("--ignore-unmatched");
  const Result result = run("vit_eval", command);
  REQUIRE_MESSAGE(result.code == 0, result.err);
  CHECK(result.err.find("left out categories: 'Dog'") != std::string::npos);
  CHECK_FALSE(Json::parse(result.out, "report").at("AP_by_category").contains("Dog"));
  const std::string names =
      temp.file("names.txt", "ant\nbee\ncat\nDog\nelk\nfox\ngnu\nhen\nibis\njay\n");
  command.back() = "--classes";
  command.push_back(names);
  CHECK(run("vit_eval", command).code == 0);
}

TEST_CASE("of two categories of one name that with objects counts; if both have some, none can") {
  const TempFolder temp;
  CocoTruth truth = {.images = {{1, "a.jpg", 0, 0}},
                     .categories = {{0, "frog"}, {7, "frog"}, {9, "toad"}},
                     .objects = {{1, 7, {}, 0.0, false}}};
  const std::vector<std::string> labels = {"toad", "frog"};
  const CategoryMatch match = match_categories(labels, 2, truth);
  CHECK(match.category_of == std::map<std::int64_t, std::int64_t>{{0, 9}, {1, 7}});
  CHECK(match.unmatched.empty());
  truth.objects.push_back({1, 0, {}, 0.0, false});
  CHECK_THROWS_AS(match_categories(labels, 2, truth), UnsupportedError);
  CHECK(nearest("Truk", {"car", "truck", "bus"}) == "truck");
}

TEST_CASE("vit_eval --keep-going counts the images that it could read, and names the others") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string scenes = make_scenes(temp, 40);
  std::string text = contents_of(scenes);
  const std::string image = R"({"id": 7, "file_name": "7.png")";
  text.replace(text.find(image), image.size(), R"({"id": 8, "file_name": "gone.png"}, )" + image);
  temp.file("instances.json", text);
  const Result result = run("vit_eval", {model, "--coco", scenes, "--images", temp.path().string(),
                                         "--keep-going", "--format", "json"});
  CHECK(result.code == 1);
  CHECK(Json::parse(result.out, "report").at("images").integer(0, 9) == 1);
  CHECK(result.err.find("1 of 2 images were left out") != std::string::npos);
  CHECK(result.err.find("gone.png") != std::string::npos);
}

TEST_CASE("vit_eval counts as pycocotools does, and refuses images of another size") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string folder = temp.path().string();
  const std::vector<std::string> right = {
      model, "--coco", make_scenes(temp, 40), "--images", folder, "--format", "json"};
  const Result result = run("vit_eval", right);
  REQUIRE_MESSAGE(result.code == 0, result.err);
  const Json json = Json::parse(result.out, "report");
  CHECK(json.at("images").integer(0, 10) == 1);
  CHECK(json.at("AP").number() <= 1.0);
  CHECK(json.at("AP_large").is_null());
  CHECK(json.at("AP_by_category").contains("cat"));
  make_scenes(temp, 41);
  check_refused(run("vit_eval", right), 5, "40 x 30 pixels, where the annotations say 41 x 30");
  const std::string classifier = make_model(temp);
  check_refused(run("vit_eval", {classifier, "--coco", make_scenes(temp, 40), "--images", folder}),
                4, "for detectors");
}

TEST_CASE("vit_eval refuses annotations that are damaged, with their place") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string scenes = make_scenes(temp, 40);
  const std::string right = contents_of(scenes);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = right;
    text.replace(text.find(from), from.size(), to);
    std::ofstream(scenes) << text;
    return run("vit_eval", {model, "--coco", scenes, "--images", temp.path().string()});
  };
  const std::string image = R"({"id": 7, "file_name": "8.png"}, )";
  check_refused(with(R"({"id": 7)", image + R"({"id": 7)"), 4,
                "instances.json: $.images[1].id: the id 7 occurs twice");
  check_refused(with("20, 10]", "-20, 10]"), 4,
                "$.annotations[0].bbox[2]: expected a width of at least 0, found -20");
  check_refused(with(R"("category_id": 3)", R"("category_id": 4)"), 4,
                "$.annotations[0].category_id: there is no 4 among the categories");
}

TEST_CASE("images that are missing are found before the first is looked at") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string scenes = make_scenes(temp, 40);
  fs::remove(temp.path() / "7.png");
  check_refused(run("vit_eval", {model, "--coco", scenes, "--images", temp.path().string()}), 3,
                "of the annotations' 1 images 1 are missing");
}
