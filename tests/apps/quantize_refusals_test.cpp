// SPDX-License-Identifier: Apache-2.0
// What vit_quantize and vit_eval --against refuse: the exit code, the message, and that nothing is
// written.
#include <algorithm>

#include "run.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// A model, two images, and the command line that quantizes it with them.
struct Workplace {
  Workplace() : model(make_model(temp)) {
    fs::create_directories(temp.path() / "calib");
    write_image(temp, "calib/a.png", 0);
    write_image(temp, "calib/b.png", 1);
    out = (temp.path() / "out.safetensors").string();
  }

  Result run_on(const std::string& calib) const {
    return run("vit_quantize", {model, "--calib", calib, "-o", out});
  }
  Result run_with(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {model, "--calib", (temp.path() / "calib").string(), "-o",
                                          out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run("vit_quantize", arguments);
  }
  void refused(const Result& result, int code, const std::string& part) const {
    check_refused(result, code, part);
    CHECK(!fs::exists(out));
  }

  TempFolder temp;
  std::string model;
  std::string out;
};

// The same network without its last class.
std::string with_one_class_less(const TempFolder& temp, const std::string& model) {
  Weights weights = read_safetensors(model);
  for (const char* name : {"head.weight", "head.bias"}) {
    const Tensor& all = weights.at(name);
    Shape shape = all.shape().with(0, all.shape()[0] - 1);
    Tensor fewer(shape, DType::kF32);
    std::copy_n(all.as<float>().begin(), shape.elements(), fewer.as<float>().begin());
    weights.tensors.insert_or_assign(name, std::move(fewer));
  }
  Json info = Json::parse(weights.metadata.at("vitq"), "vitq");
  Json config = info.at("config");
  info.set("config", config.set("classes", 9)).set("labels", Json::array());
  weights.metadata["vitq"] = info.dump();
  const fs::path path = temp.path() / "nine.safetensors";
  write_safetensors(path, weights, Overwrite::kNo);
  return path.string();
}

}  // namespace

TEST_CASE("files of vit_quantize are apart, and bits are not stated beside a budget") {
  const Workplace place;
  const std::string report = (place.temp.path() / "r.json").string();
  Result same = run("vit_quantize", {place.model, "--calib", (place.temp.path() / "calib").string(),
                                     "-o", report, "--report", report});
  check_refused(same, 2, "named twice");
  const std::string before = contents_of(place.model);
  same = run("vit_quantize", {place.model, "--calib", (place.temp.path() / "calib").string(), "-o",
                              place.model, "--force"});
  check_refused(same, 2, "named twice");
  CHECK(contents_of(place.model) == before);
  place.refused(place.run_with({"--budget-bits", "5", "--weight-bits", "8"}), 2, "--weight-bits");
  place.refused(place.run_with({"--budget-mb", "nan"}), 2, "'nan' is no number");
  place.refused(place.run_with({"--budget-mb", "1e20"}), 2, "is no number from");
}

TEST_CASE("what chooses among images is refused where there are none to choose from") {
  const Workplace w;
  for (const std::vector<std::string>& choosing :
       {std::vector<std::string>{"--seed", "3"}, std::vector<std::string>{"--keep-going"}}) {
    std::vector<std::string> arguments = {w.model, "-o", w.out};
    arguments.insert(arguments.end(), choosing.begin(), choosing.end());
    w.refused(run("vit_quantize", arguments), 2, "are for images of --calib");
    CHECK(run("vit_quantize", {w.model, "--dry-run", choosing.front(), choosing.back()}).code == 2);
  }
}

TEST_CASE("calibration images that are not there, or not to be read, end with 3 or 4") {
  const Workplace w;
  w.refused(w.run_on((w.temp.path() / "nowhere").string()), 3, "nowhere");
  fs::create_directories(w.temp.path() / "empty");
  w.refused(w.run_on((w.temp.path() / "empty").string()), 3, "found no .jpg");
  const std::string list = w.temp.file("list.txt", "calib/a.png\ncalib/gone.png\n");
  w.refused(w.run_on(list), 3, "line 2 of");
  w.refused(w.run_on(w.temp.file("nothing.txt", "\n")), 4, "lists no images");
  const std::string whole = contents_of(w.temp.path() / "calib" / "a.png");
  w.temp.file("calib/c.png", whole.substr(0, whole.size() / 2));
  w.refused(w.run_with({}), 4, "c.png");
}

TEST_CASE("bits outside of 2 to 16, unknown recipes and expressions that are none end with 2") {
  const Workplace w;
  w.refused(w.run_with({"--weight-bits", "1"}), 2, "--weight-bits");
  w.refused(w.run_with({"--act-bits", "17"}), 2, "--act-bits");
  w.refused(w.run_with({"--set", "fc1=w1a8"}), 2, "from 2 to 16");
  w.refused(w.run_with({"--budget-bits", "6", "--candidates", "1,4"}), 2, "from 2 to 16");
  w.refused(w.run_with({"--set", "fc1"}), 2, "REGEX=w6a8");
  w.refused(w.run_with({"--set", "=w6a8"}), 2, "REGEX=w6a8");
  w.refused(w.run_with({"--keep", "fc(1"}), 2, "'fc(1' is not a regular expression");
  w.refused(w.run_with({"--keep", std::string(2000, 'a')}), 2, "more than 1000");
  w.refused(w.run_with({"--recipe", "best"}), 2, "there are: default");
  w.refused(w.run_with({"--report", "report.txt"}), 2, ".json, .csv, .html or .svg");
  check_refused(run("vit_quantize", {w.model, "--calib", "x"}), 2, "-o FILE");
}

TEST_CASE("a rule that matches no layer is an error, on the command line and in a policy") {
  const Workplace w;
  w.refused(w.run_with({"--keep", "blocks.9"}), 4, "blocks.9");
  const auto policy = [&](std::string_view text) {
    return w.run_with({"--policy", w.temp.file("policy.json", text).string()});
  };
  w.refused(policy(R"({"rules": [{"layers": "decoder", "bits": "w6a8"}]})"), 4, "decoder");
  w.refused(policy(R"({"rules": [{"layers": "fc1", "bits": "w17a8"}]})"), 4, "$.rules[0]");
  w.refused(policy(R"({"rules": [{"layers": "fc1", "bit": "w8a8"}]})"), 4, "unknown key");
  w.refused(policy(R"({"rules": [{"layers": "f(", "bits": "keep"}]})"), 4, "not a regular");
  w.refused(policy(R"({"rules": {"fc1": "w8a8"}})"), 4, "$.rules");
  w.refused(policy("{"), 4, "policy.json");
  w.refused(w.run_with({"--policy", (w.temp.path() / "gone.json").string()}), 3, "gone.json");
}

TEST_CASE("a recipe file is read strictly") {
  const Workplace w;
  const auto recipe = [&](std::string_view text) {
    return w.run_with({"--recipe", w.temp.file("recipe.json", text).string()});
  };
  w.refused(recipe(R"({"name": "mine", "rounds": []})"), 4, "a recipe needs a round");
  w.refused(recipe(R"({"name": "mine", "rounds": [[{"method": "magic"}]]})"), 4, "magic");
  w.refused(recipe(R"({"name": "mine", "turns": 3})"), 4, "turns");
}

TEST_CASE("an existing output is refused before the work, and so is a folder that is not there") {
  const Workplace w;
  w.temp.file("out.safetensors", "precious");
  check_refused(w.run_with({}), 3, "--force");
  CHECK(contents_of(w.out) == "precious");
  const std::string report = w.temp.file("report.json", "precious");
  const std::string other = (w.temp.path() / "other.safetensors").string();
  const std::string calib = (w.temp.path() / "calib").string();
  check_refused(run("vit_quantize", {w.model, "--calib", calib, "-o", other, "--report", report}),
                3, "report.json");
  CHECK(!fs::exists(other));
  const std::string nowhere = (w.temp.path() / "no" / "out.safetensors").string();
  check_refused(run("vit_quantize", {w.model, "--calib", calib, "-o", nowhere}), 3, nowhere);
}

TEST_CASE("what is no float model is refused") {
  const Workplace w;
  const std::string calib = (w.temp.path() / "calib").string();
  const std::string source = golden("hf_vit") / "model.safetensors";
  w.refused(run("vit_quantize", {source, "--calib", calib, "-o", w.out}), 4, "vit_convert");
  const std::string once = (w.temp.path() / "once.safetensors").string();
  REQUIRE(run("vit_quantize", {w.model, "--calib", calib, "-o", once}).code == 0);
  w.refused(run("vit_quantize", {once, "--calib", calib, "-o", w.out}), 4, "quantized already");
}

TEST_CASE("models of different classes are not compared, and images have to be there") {
  const Workplace w;
  const std::string calib = (w.temp.path() / "calib").string();
  const std::string other = with_one_class_less(w.temp, w.model);
  check_refused(run("vit_eval", {w.model, "--against", other, "--images", calib}), 4,
                "one knows 10 classes, the other 9");
  fs::create_directories(w.temp.path() / "empty");
  check_refused(run("vit_eval", {w.model, "--against", w.model, "--images",
                                 (w.temp.path() / "empty").string()}),
                3, "found no .jpg");
}

TEST_CASE("a model compared with itself agrees with it wholly") {
  const Workplace w;
  const std::string calib = (w.temp.path() / "calib").string();
  const std::string list = w.temp.file("labels.tsv", "a.png\t3\nb.png\t4\n");
  const Result result = run("vit_eval", {w.model, "--against", w.model, "--images", calib,
                                         "--labels", list, "--format", "json"});
  REQUIRE_MESSAGE(result.code == 0, result.err);
  const Json against = Json::parse(result.out, "eval").at("against");
  CHECK(against.at("agreement").number() == 100.0);
  CHECK(against.at("kl").number() == 0.0);
  CHECK(against.contains("logit_snr_db"));
  CHECK(!against.find("logit_snr_db"));
  CHECK(against.at("lost").integer(0, 0) == 0);
  CHECK(against.at("mcnemar_p").number() == 1.0);
  CHECK(against.at("top1").number() == Json::parse(result.out, "eval").at("top1").number());
}
