// SPDX-License-Identifier: Apache-2.0
// What a model file says about itself, read strictly; labels and ranked answers.
#include <doctest/doctest.h>

#include "support/temp_folder.h"
#include "vitq/error.h"
#include "vitq/model.h"

using namespace vitq;
using vitq::test::TempFolder;

namespace {

ModelInfo sample() {
  ModelInfo info;
  info.family = "vit";
  info.config = Json::object();
  info.config.set("dim", 8);
  info.labels = {"cat", "", "dog"};
  info.source = Json::object();
  return info;
}

Json parsed(const Json& json) {
  return Json::parse(json.dump(), "model.safetensors: metadata vitq");
}

}  // namespace

TEST_CASE("what a model says of itself survives the way through JSON") {
  const ModelInfo info = ModelInfo::from_json(parsed(sample().to_json()));
  CHECK(info.family == "vit");
  CHECK(info.labels == sample().labels);
  CHECK(info.preprocess == sample().preprocess);
  CHECK(info.to_json().dump() == sample().to_json().dump());
}

TEST_CASE("a format of the future is a mismatch, and what is missing or wrong is malformed") {
  const auto fault_of = [](const Json& json) {
    try {
      ModelInfo::from_json(parsed(json));
    } catch (const FileError& error) {
      CHECK(std::string(error.what()).starts_with("model.safetensors: metadata vitq"));
      return error.fault();
    }
    return Fault::kUnreadable;  // nothing was thrown
  };
  Json json = sample().to_json();
  CHECK(fault_of(json.set("format", ModelInfo::kFormat + 1)) == Fault::kMismatch);
  for (const char* key : {"format", "family", "preprocess", "labels", "config", "source"}) {
    Json broken = Json::object();
    for (const auto& [name, value] : sample().to_json().members()) {
      if (name != key) broken.set(name, value);
    }
    CHECK_MESSAGE(fault_of(broken) == Fault::kMalformed, key);
  }
  for (const char* key : {"format", "family", "preprocess", "labels"}) {
    Json broken = sample().to_json();
    CHECK_MESSAGE(fault_of(broken.set(key, true)) == Fault::kMalformed, key);
  }
}

TEST_CASE("scores survive, nonsense is refused, and files before format 4 have softmax") {
  for (const Scores scores : {Scores::kSoftmax, Scores::kSigmoid, Scores::kRaw}) {
    ModelInfo info = sample();
    info.scores = scores;
    CHECK(ModelInfo::from_json(parsed(info.to_json())).scores == scores);
  }
  Json json = sample().to_json();
  CHECK_THROWS_AS((void)ModelInfo::from_json(parsed(json.set("scores", "sparsemax"))), FileError);
  Json old = Json::object();
  for (const auto& [key, value] : sample().to_json().members()) {
    if (key != "scores") old.set(key, key == "format" ? Json(3) : value);
  }
  CHECK(ModelInfo::from_json(parsed(old)).scores == Scores::kSoftmax);
}

TEST_CASE("a sigmoid is of each class for itself, and raw values stay as they are") {
  const std::vector<float> logits = {0.0F, 2.0F, -3.0F};
  ModelInfo info = sample();
  info.scores = Scores::kSigmoid;
  const std::vector<Prediction> each = top_k(logits, info, 3);
  CHECK(each[0].id == 1);
  CHECK(each[0].score == doctest::Approx(0.880797).epsilon(1e-5));  // 1 / (1 + e^-2)
  CHECK(each[1].score == doctest::Approx(0.5));
  CHECK(each[2].score == doctest::Approx(0.0474259).epsilon(1e-5));  // 1 / (1 + e^3)
  info.scores = Scores::kRaw;
  CHECK(top_k(logits, info, 1)[0].score == 2.0F);
}

TEST_CASE("classes without a label are numbered") {
  const ModelInfo info = sample();
  CHECK(info.label(0) == "cat");
  CHECK(info.label(1) == "class_1");
  CHECK(info.label(7) == "class_7");
}

TEST_CASE("answers fall by probability, equal ones go by id") {
  const std::vector<float> logits = {1.0F, 3.0F, 3.0F, -1.0F};
  const std::vector<Prediction> best = top_k(logits, sample(), 3);
  REQUIRE(best.size() == 3);
  CHECK(best[0].id == 1);
  CHECK(best[1].id == 2);
  CHECK(best[1].label == "dog");
  CHECK(best[2].id == 0);
  // 1 / (2 + e^-2 + e^-4)
  CHECK(best[0].score == doctest::Approx(0.46423).epsilon(1e-4));
  CHECK(top_k(logits, sample(), 9).size() == 4);
}

TEST_CASE("a checkpoint that was not converted is refused with what to do") {
  const TempFolder temp;
  Weights weights;
  weights.tensors["cls_token"] = Tensor({1, 1, 4}, DType::kF32);
  write_safetensors(temp.path() / "plain.safetensors", weights, Overwrite::kNo);
  std::string text;
  try {
    Model::load(temp.path() / "plain.safetensors");
  } catch (const FileError& error) {
    text = error.what();
  }
  CHECK_MESSAGE(text.find("vit_convert") != std::string::npos, text);
}
