// SPDX-License-Identifier: Apache-2.0
// Small networks of every dialect against timm and transformers (tests/golden/make_models.py).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/model.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

// Bare checkpoints state nothing; their heads have unusual widths.
ConvertOptions options_for(const std::string& name) {
  ConvertOptions options;
  if (name == "fb_deit") {
    options.arch = "deit";
    options.heads = 2;
  } else if (name == "fb_deit_distilled" || name == "tv_vit") {
    options.heads = 3;
  }
  return options;
}

fs::path source_in(const fs::path& folder) {
  return fs::exists(folder / "config.json") ? folder : folder / "model.safetensors";
}

// The largest difference, relative to the largest expected value.
double relative_error(std::span<const float> found, std::span<const float> expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst =
        std::max(worst, std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i])));
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return worst / largest;
}

void check_golden(const fs::path& folder, Backend backend) {
  const std::string name = folder.filename();
  CAPTURE(name);
  const TempFolder temp;
  const fs::path file = temp.path() / "model.safetensors";
  ConvertOptions options = options_for(name);
  if (name == "tv_vit") {  // whose origin states none
    options.preprocessor =
        temp.file("preprocessor.json", R"({"size": {"height": 16, "width": 16}})");
  }
  write_safetensors(file, convert(source_in(folder), options).weights, Overwrite::kNo);
  const Weights expected = read_safetensors(folder / "expected.safetensors");
  Model model = Model::load(file, {.session = {.threads = 1, .backend = backend}, .lower = {}});
  const std::vector<Tensor> found = model.run(expected.at("input"));
  const std::span<const GraphOutput> outputs = model.graph().outputs();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    // A golden's "tokens" are those after the last block.
    const std::string output = outputs[i].name == "tokens" ? "patches" : outputs[i].name;
    CAPTURE(output);
    const Tensor& wanted = expected.at(output);
    CHECK(found[i].shape() == wanted.shape());
    const double error = relative_error(found[i].as<float>(), wanted.as<float>());
    CHECK(error < 1e-4);
  }
}

std::vector<fs::path> goldens() {
  std::vector<fs::path> folders;
  for (const auto& entry :
       fs::directory_iterator(fs::path(VITQ_TEST_FILES) / "golden" / "models")) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace

TEST_CASE("every dialect converts and gives PyTorch's logits") {
  const std::vector<fs::path> folders = goldens();
  REQUIRE(folders.size() >= 64);
  for (const fs::path& folder : folders) check_golden(folder, Backend::kFast);
}

TEST_CASE("the reference backend gives PyTorch's logits") {
  for (const fs::path& folder : goldens()) check_golden(folder, Backend::kReference);
}

TEST_CASE("scores are those of transformers' pipeline, whatever the problem is") {
  for (const char* name : {"hf_vit_multilabel", "hf_vit_regression", "hf_vit_one_class"}) {
    CAPTURE(name);
    const fs::path folder = fs::path(VITQ_TEST_FILES) / "golden" / "models" / name;
    const ModelInfo info = convert(folder, {}).info;
    const Weights expected = read_safetensors(folder / "expected.safetensors");
    const std::span<const float> logits = expected.at("logits").as<float>();
    const std::span<const float> scores = expected.at("scores").as<float>();
    const auto classes = static_cast<std::size_t>(expected.at("logits").shape()[1]);
    for (std::size_t row = 0; row < logits.size(); row += classes) {
      const auto found = top_k(logits.subspan(row, classes), info, classes);
      REQUIRE(found.size() == classes);
      for (std::size_t i = 0; i < classes; ++i) {
        const float wanted = scores[row + static_cast<std::size_t>(found[i].id)];
        CHECK(std::abs(found[i].score - wanted) <= 1e-6F * std::max(1.0F, std::abs(wanted)));
        if (i > 0) CHECK(found[i - 1].score >= found[i].score);
      }
    }
  }
}
