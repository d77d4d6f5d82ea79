// SPDX-License-Identifier: Apache-2.0
// A checkpoint of every family of classifiers and of networks of features through all programs, as
// a user runs them. detectors_test.cpp does the same for detectors.
#include "run.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

namespace {

const std::string kFamilies[] = {"hf_vit",         "hf_deit",
                                 "timm_deit3",     "hf_vit_multilabel",
                                 "hf_dinov2",      "timm_registers",
                                 "hf_ijepa",       "hf_dinov2_swiglu",
                                 "timm_qk_norm",   "hf_clip",
                                 "hf_siglip",      "timm_clip",
                                 "timm_siglip",    "hf_dinov2_registers_classes",
                                 "timm_vit_oblong"};

// The figure that says how near two models' answers are.
double decibels(const Json& against) {
  const bool features = against.contains("feature_snr_db");
  return against.at(features ? "feature_snr_db" : "logit_snr_db").number();
}

}  // namespace

TEST_CASE("a checkpoint of every family is converted, quantized, shown images and compared") {
  for (const std::string& name : kFamilies) {
    CAPTURE(name);
    const TempFolder temp;
    fs::create_directories(temp.path() / "images");
    for (int i = 0; i < 3; ++i) write_image(temp, "images/" + std::to_string(i) + ".png", i);
    const std::string images = (temp.path() / "images").string();
    const std::string model = (temp.path() / "float.safetensors").string();
    const std::string coded = (temp.path() / "int8.safetensors").string();
    const auto ran = [](const std::string& program, std::vector<std::string> arguments) {
      const Result result = run(program, std::move(arguments));
      REQUIRE_MESSAGE(result.code == 0, result.err);
      return result.out;
    };
    ran("vit_convert", {golden(name).string(), "-o", model});
    ran("vit_quantize", {model, "--calib", images, "-o", coded});
    const std::string answers = ran("vit_infer", {"-m", coded, images, "-f", "jsonl"});
    CHECK(std::count(answers.begin(), answers.end(), '\n') == 3);
    const Json report = Json::parse(
        ran("vit_eval", {coded, "--against", model, "--images", images, "-f", "json"}), "report");
    CHECK(report.at("images").integer(3, 3) == 3);
    CHECK(decibels(report.at("against")) > 15.0);
  }
}
