// SPDX-License-Identifier: Apache-2.0
// What vit_convert tells of a checkpoint's config.json, and what the other programs make of it.
#include <cmath>

#include "run.h"
#include "vitq/json.h"
#include "vitq/npy.h"

using namespace vitq;
using namespace vitq::test;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

// The scores of an image by class, as vit_infer tells them, and the logits that they are of.
struct Scored {
  std::vector<double> scores, logits;
};

Scored infer(const TempFolder& temp, const std::string& model, const std::string& image) {
  const std::string folder = (temp.path() / "dump").string();
  const Result result = run(
      "vit_infer", {"-m", model, image, "-f", "json", "-k", "100", "--dump", folder, "--force"});
  CHECK(result.code == 0);
  Scored found;
  const Tensor logits = read_npy(fs::path(folder) / "logits.npy");
  for (const float value : logits.as<float>()) found.logits.push_back(static_cast<double>(value));
  found.scores.resize(found.logits.size());
  for (const Json& item : Json::parse(result.out, "answer").at("predictions").items()) {
    const auto id = static_cast<std::size_t>(item.at("id").integer(0, 100));
    // Written as the shortest text of a float.
    found.scores.at(id) = static_cast<double>(static_cast<float>(item.at("score").number()));
  }
  return found;
}

}  // namespace

TEST_CASE("vit_infer's scores are what problem_type says, and regressions are not evaluated") {
  const TempFolder temp;
  const std::string image = write_image(temp, "a.png", 0);
  const auto converted = [&](const std::string& name, const std::string& says) {
    const std::string model = (temp.path() / (name + ".safetensors")).string();
    const Result result = run("vit_convert", {golden(name).string(), "-o", model});
    CHECK(result.code == 0);
    CHECK_MESSAGE(result.err.find(says) != std::string::npos, result.err);
    return model;
  };
  const std::string each = converted("hf_vit_multilabel", "a sigmoid for each class");
  const Scored sigmoid = infer(temp, each, image);
  for (std::size_t i = 0; i < sigmoid.scores.size(); ++i)
    CHECK(std::abs(sigmoid.scores[i] - 1.0 / (1.0 + std::exp(-sigmoid.logits[i]))) < 1e-6);
  const std::string values = converted("hf_vit_regression", "the outputs themselves");
  const Scored raw = infer(temp, values, image);
  CHECK(raw.scores == raw.logits);
  CHECK(Json::parse(run("vit_inspect", {values, "-f", "json"}).out, "inspected")
            .at("scores")
            .string() == "raw");
  check_refused(run("vit_eval", {values, "--images", temp.path().string()}), 4, "regression");
}

TEST_CASE("vit_convert reports keys that it does not know, once, and does not print them else") {
  const TempFolder temp;
  const fs::path folder = temp.path() / "mine";
  fs::copy(golden("hf_vit"), folder);
  Json config = Json::read(folder / "config.json");
  config.set("use_swiglu", true).set("window_size", 7);
  temp.file("mine/config.json", config.dump());
  const std::string out = (temp.path() / "out.safetensors").string();
  const Result result = run("vit_convert", {folder.string(), "-o", out});
  CHECK(result.code == 0);
  CHECK(result.out.empty());
  CHECK(count(result.err, "unknown key") == 2);
  CHECK(count(result.err, "config.json: $.use_swiglu (not read)") == 1);
  CHECK(count(result.err, "config.json: $.window_size (not read)") == 1);
  CHECK(count(run("vit_convert", {golden("hf_vit").string(), "-o", out, "--force"}).err,
              "unknown key") == 0);
}

TEST_CASE("vit_convert --dilation is for bare detectors") {
  const TempFolder temp;
  const std::string out = (temp.path() / "out.safetensors").string();
  const std::string bare = (golden("fb_detr") / "model.safetensors").string();
  const Result plain = run("vit_convert", {bare, "-o", out});
  CHECK(plain.code == 0);
  CHECK(plain.err.find("--dilation") != std::string::npos);
  const Result dilated = run("vit_convert", {bare, "-o", out, "--force", "--dilation"});
  CHECK(dilated.code == 0);
  CHECK(dilated.err.find("--dilation") == std::string::npos);
  check_refused(run("vit_convert", {golden("hf_vit").string(), "-o", out + "2", "--dilation"}), 4,
                "--dilation");
}

TEST_CASE("vit_convert says the configuration, and what it made of positions for another size") {
  const TempFolder temp;
  const std::string out = (temp.path() / "out.safetensors").string();
  const Result usual = run("vit_convert", {golden("timm_dinov2").string(), "-o", out});
  CHECK(usual.code == 0);
  CHECK(usual.err.find("depth 2, heads 2") != std::string::npos);
  CHECK(usual.err.find("decided") == std::string::npos);
  const Result sized = run("vit_convert", {golden("timm_dinov2").string(), "-o", out, "--force",
                                           "--image-size", "24,32"});
  CHECK(sized.code == 0);
  CHECK(sized.err.find("positions resampled from 16 x 16 to 32 x 24") != std::string::npos);
  for (const char* size : {"0", "16,", "16x16", "-4", "99999", "16,16,16"}) {
    CAPTURE(size);
    check_refused(run("vit_convert", {golden("timm_vit").string(), "-o", out + "2",
                                      std::string("--image-size=") + size}),
                  2, "--image-size");
  }
}

TEST_CASE("vit_convert writes nothing of a checkpoint that does not fit") {
  const TempFolder temp;
  fs::copy(golden("hf_dinov2"), temp.path() / "mine");
  Json config = Json::read(temp.path() / "mine" / "config.json");
  config.set("hidden_size", 99).set("num_hidden_layers", 5);
  temp.file("mine/config.json", config.dump());
  const fs::path out = temp.path() / "out.safetensors";
  const Result result = run("vit_convert", {(temp.path() / "mine").string(), "-o", out.string()});
  check_refused(result, 4, "hidden_size");
  CHECK(result.err.find("num_hidden_layers") != std::string::npos);
  CHECK(!fs::exists(out));
}
