// SPDX-License-Identifier: Apache-2.0
// Weights that overflow: an answer that is no number is an error and never printed.
#include "run.h"
#include "vitq/error.h"
#include "vitq/model.h"
#include "vitq/model_file.h"

using namespace vitq;
using namespace vitq::test;

namespace {

std::string make_overflowing(const TempFolder& temp, const std::string& golden_name,
                             const std::string& layer) {
  Converted made = convert(golden(golden_name), {});
  Tensor large = made.weights.at(layer).to_f32().clone();
  for (float& value : large.as<float>()) value = value < 0.0F ? -3e38F : 3e38F;
  made.weights.tensors[layer] = large;
  const fs::path path = temp.path() / "overflow.safetensors";
  write_model(path, made.info, made.weights, Overwrite::kNo);
  return path.string();
}

}  // namespace

TEST_CASE("programs refuse an answer that is no number and name the output") {
  const TempFolder temp;
  const std::string model = make_overflowing(temp, "hf_vit", "blocks.1.mlp.fc2.weight");
  fs::create_directories(temp.path() / "0");
  const std::string image = write_image(temp, "0/a.png", 0);
  write_image(temp, "0/b.png", 1);
  const std::string folder = (temp.path() / "0").string();
  const std::string part = "the output \"logits\" is ";
  for (const char* format : {"text", "json"}) {
    check_refused(run("vit_infer", {"-m", model, image, "-f", format}), 4, part);
  }
  const Result table = run("vit_infer", {"-m", model, image, "-f", "csv"});
  CHECK(table.code == 4);
  CHECK(table.out == "image,rank,id,label,score\n");
  check_refused(run("vit_infer", {"-m", model, image, "--backend", "reference"}), 4, part);
  check_refused(run("vit_eval", {model, "--images", temp.path()}), 4, part);
  check_refused(run("vit_eval", {model, "--against", model, "--images", folder}), 4, part);
  const std::string out = (temp.path() / "out.safetensors").string();
  check_refused(run("vit_quantize", {model, "--calib", folder, "-o", out}), 4, part);
  check_refused(run("vit_quantize", {model, "--calib", folder, "-o", out, "--budget-bits", "6"}), 4,
                part);
  CHECK_FALSE(fs::exists(out));
  const Result on = run("vit_infer", {"-m", model, image, image, "--keep-going", "-f", "jsonl"});
  CHECK(on.code == 1);
  CHECK(on.out.find("\"error\":\"the output") != std::string::npos);
  CHECK(on.out.find("null") == std::string::npos);
}

TEST_CASE("a detector's answer that is no number is refused, too") {
  const TempFolder temp;
  const std::string model = make_overflowing(temp, "hf_detr", "class_embed.weight");
  const Model loaded = Model::load(model);
  Image image = make_image(30, 30);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<std::uint8_t>(i);
  CHECK_THROWS_AS(loaded.detect(image), WeightError);
}
