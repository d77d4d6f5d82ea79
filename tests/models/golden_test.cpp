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

// Bare checkpoints of Facebook's DeiT state nothing; their heads have unusual widths.
ConvertOptions options_for(const std::string& name) {
  ConvertOptions options;
  if (name == "fb_deit") {
    options.arch = "deit";
    options.heads = 2;
  } else if (name == "fb_deit_distilled") {
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
  if (name == "timm_vit_oblong") {  // timm keeps the ratio here, which no pipeline of ours does
    options.preprocessor =
        temp.file("preprocessor.json", R"({"size": {"height": 16, "width": 24}})");
  }
  write_safetensors(file, convert(source_in(folder), options).weights, Overwrite::kNo);
  const Weights expected = read_safetensors(folder / "expected.safetensors");
  Model model = Model::load(file, {.session = {.threads = 1, .backend = backend}, .lower = {}});
  const Tensor logits = model.run(expected.at("input"))[0];
  CHECK(relative_error(logits.as<float>(), expected.at("logits").as<float>()) < 1e-4);
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
  REQUIRE(folders.size() >= 17);
  for (const fs::path& folder : folders) check_golden(folder, Backend::kFast);
}

TEST_CASE("the reference backend gives PyTorch's logits") {
  for (const fs::path& folder : goldens()) check_golden(folder, Backend::kReference);
}
