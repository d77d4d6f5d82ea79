// SPDX-License-Identifier: Apache-2.0
// Every kind of detector through all programs, as a user runs them.
#include "run.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

namespace {

const std::string kKinds[] = {"hf_yolos", "hf_yolos_plain", "hf_detr_dc5_basic",
                              "hf_table_transformer", "hf_conditional_detr"};

// Two images in a folder, one of which has an object, and the annotations that say so.
std::string annotated_images(const TempFolder& temp) {
  fs::create_directories(temp.path() / "images");
  write_image(temp, "images/1.png", 1);
  write_png(temp.path() / "images" / "2.png", make_image(33, 52), Overwrite::kNo);
  return temp.file("instances.json", R"({"images": [
      {"id": 1, "file_name": "1.png", "height": 30, "width": 40},
      {"id": 2, "file_name": "2.png", "height": 52, "width": 33}],
      "categories": [{"id": 3, "name": "ant"}], "annotations": [
      {"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 20, 10], "area": 200,
       "iscrowd": 0}]})");
}

}  // namespace

TEST_CASE("a detector of every kind is converted, quantized, run and evaluated") {
  for (const std::string& kind : kKinds) {
    CAPTURE(kind);
    const TempFolder temp;
    const std::string truth = annotated_images(temp);
    const std::string images = (temp.path() / "images").string();
    const std::string model = (temp.path() / "float.safetensors").string();
    const std::string coded = (temp.path() / "int8.safetensors").string();
    const Result converted = run("vit_convert", {golden(kind).string(), "-o", model});
    REQUIRE_MESSAGE(converted.code == 0, converted.err);
    const Result quantized = run("vit_quantize", {model, "--calib", images, "-o", coded});
    REQUIRE_MESSAGE(quantized.code == 0, quantized.err);
    for (const std::string& file : {model, coded}) {
      const Result found =
          run("vit_infer", {"-m", file, images, "--threshold", "0", "-f", "jsonl"});
      REQUIRE_MESSAGE(found.code == 0, found.err);
      const Json first = Json::parse(found.out.substr(0, found.out.find('\n')), "answer");
      CHECK(first.at("task").string() == "detection");
      CHECK(first.at("detections").items().size() > 2);
      const Result judged =
          run("vit_eval", {file, "--coco", truth, "--images", images, "--format", "json"});
      REQUIRE_MESSAGE(judged.code == 0, judged.err);
      CHECK(Json::parse(judged.out, "report").at("images").integer(2, 2) == 2);
      CHECK(run("vit_inspect", {file}).code == 0);
    }
    const Result compared = run(
        "vit_eval", {coded, "--against", model, "--images", images, "--format", "json", "--each"});
    REQUIRE_MESSAGE(compared.code == 0, compared.err);
    const Json report = Json::parse(compared.out, "report");
    CHECK(report.at("images").integer(2, 2) == 2);
    const Json against = report.at("against");
    CHECK(against.at("logit_snr_db").number() > 22.0);
    CHECK(against.at("box_error").number() < 0.02);
    CHECK(against.at("kl_of_each").items().size() == 2);
  }
}

TEST_CASE("the queries of Conditional DETR show where they look, and YOLOS has none that do") {
  const TempFolder temp;
  const std::string image = write_image(temp, "a.png", 0);
  const auto look = [&](const std::string& kind) {
    const std::string drawn = (temp.path() / (kind + ".png")).string();
    return run("vit_infer",
               {"-m", make_model(temp, kind), image, "--threshold", "0", "--attention", drawn});
  };
  CHECK(look("hf_conditional_detr").code == 0);
  CHECK(look("hf_table_transformer").code == 0);
  const Result yolos = look("hf_yolos");
  CHECK(yolos.code == 4);
  CHECK(yolos.err.find("no queries that look at an image") != std::string::npos);
}

TEST_CASE("YOLOS takes images of the size that is asked for, in whole patches") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_yolos");
  const std::string image = write_image(temp, "a.png", 0);  // 40 x 30
  const auto answer = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = {"-m", model, image, "--threshold", "0", "-f", "csv"};
    all.insert(all.end(), more.begin(), more.end());
    const Result result = run("vit_infer", all);
    REQUIRE_MESSAGE(result.code == 0, result.err);
    return result.out;
  };
  CHECK(answer({"--size", "60", "--max-size", "90"}) ==
        answer({"--size", "63", "--max-size", "95"}));
  CHECK(answer({"--size", "70", "--max-size", "99"}) != answer({}));
  check_refused(run("vit_infer", {"-m", model, image, "--size", "15"}), 6, "a.png");
}
