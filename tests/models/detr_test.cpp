// SPDX-License-Identifier: Apache-2.0
// DETR against transformers (tests/golden/detr_models.py), and what a detector answers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/model.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

const fs::path kGoldens = fs::path(VITQ_TEST_FILES) / "golden" / "models";

Model converted(const std::string& name, const TempFolder& temp) {
  const fs::path folder = kGoldens / name;
  const fs::path source = name == "fb_detr" ? folder / "model.safetensors" : folder;
  const fs::path file = temp.path() / "model.safetensors";
  write_safetensors(file, convert(source, {}).weights, Overwrite::kYes);
  return Model::load(file, {.session = {.threads = 1}, .lower = {}});
}

void check_close(const Tensor& found, const Tensor& expected, float tolerance) {
  REQUIRE(found.shape() == expected.shape());
  const auto a = found.as<float>();
  const auto b = expected.as<float>();
  float worst = 0.0F;
  for (std::size_t i = 0; i < b.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  CHECK(worst < tolerance);
}

}  // namespace

TEST_CASE("a DETR of every dialect gives PyTorch's classes and boxes, padded or not") {
  for (const std::string name :
       {"hf_detr", "hf_detr_timm", "hf_detr_v5", "hf_detr_dc5", "fb_detr", "hf_detr_dc5_basic",
        "hf_table_transformer", "hf_conditional_detr", "hf_conditional_detr_v5"}) {
    CAPTURE(name);
    const TempFolder temp;
    Model model = converted(name, temp);
    CHECK(model.task() == Task::kDetection);
    const Weights expected = read_safetensors(kGoldens / name / "expected.safetensors");
    const Tensor& input = expected.at("input");
    const auto whole = model.run(input);
    check_close(whole[0], expected.at("logits"), 1e-4F * 10.0F);
    check_close(whole[1], expected.at("boxes"), 1e-4F);

    // The padding is zero, which is what the mask's images were given there.
    const Tensor& mask = expected.at("mask");
    Tensor padded = input.clone();
    const auto plane = static_cast<std::size_t>(input.shape()[2] * input.shape()[3]);
    for (std::size_t i = 0; i < padded.as<float>().size(); ++i)
      padded.as<float>()[i] *= mask.as<float>()[i / (3 * plane) * plane + i % plane];
    const auto part = model.run_padded(padded, mask);
    check_close(part[0], expected.at("padded.logits"), 1e-4F * 10.0F);
    check_close(part[1], expected.at("padded.boxes"), 1e-4F);
  }
}

TEST_CASE("an image's answer does not depend on what was run at other sizes before") {
  const TempFolder temp;
  Model model = converted("hf_detr", temp);
  const auto answer = [&](std::int64_t side) {
    Tensor input({1, 3, side, 64}, DType::kF32);
    for (std::size_t i = 0; i < input.as<float>().size(); ++i)
      input.as<float>()[i] = std::sin(static_cast<float>(i));
    return model.run(input)[0].clone();
  };
  const Tensor first = answer(40);
  for (std::int64_t side = 41; side < 48; ++side) answer(side);  // more sizes than are kept
  check_close(answer(40), first, 1e-30F);
}

TEST_CASE("the mask of a padded batch is checked") {
  const TempFolder temp;
  Model model = converted("hf_detr", temp);
  const Tensor input({1, 3, 40, 64}, DType::kF32);
  Tensor mask({1, 40, 64}, DType::kF32);
  CHECK_THROWS_WITH_AS(model.run_padded(input, mask),
                       "image 0 of the mask does not start at its first pixel", ShapeError);
  mask.as<float>()[0] = 0.5F;
  CHECK_THROWS_WITH_AS(model.run_padded(input, mask), "the mask's element 0 is neither 0 nor 1",
                       ShapeError);
  CHECK_THROWS_AS(model.run_padded(input, Tensor({1, 64, 40}, DType::kF32)), ShapeError);
}

TEST_CASE("detect() is for detectors") {
  const TempFolder temp;
  Model model = converted("hf_vit", temp);
  CHECK_THROWS_WITH_AS(model.detect(make_image(8, 8)),
                       "a model of the family 'vit' does not detect objects", UnsupportedError);
}
