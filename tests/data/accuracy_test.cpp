// SPDX-License-Identifier: Apache-2.0
// The real DeiT-Tiny on real photographs, as PyTorch with Pillow sees them
// (tests/golden/make_deit_tiny.py).
#include <doctest/doctest.h>

#include <optional>

#include "eval/labelled_images.h"
#include "support/data_folder.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"

using namespace vitq;
using namespace vitq::test;
namespace fs = std::filesystem;

namespace {

// Facebook's pipeline: shorter side to 256, then the centre.
Model deit_tiny(const fs::path& weights, const fs::path& scratch) {
  const fs::path file = scratch / "deit_tiny.safetensors";
  ConvertOptions options;
  options.arch = "deit";
  options.preset = "fb-deit";
  const Converted made = convert(weights / "deit_tiny_patch16_224.safetensors", options);
  write_safetensors(file, made.weights, Overwrite::kNo);
  return Model::load(file);
}

std::int64_t right(Model& model, const fs::path& folder, const fs::path& list) {
  const auto images = apps::read_label_list(list, folder, class_count(model));
  return evaluate(model, images, {}).right;
}

fs::path golden(const char* name) {
  return fs::path(VITQ_TEST_FILES) / "golden" / "deit_tiny" / name;
}

}  // namespace

TEST_CASE("DeiT-Tiny gets whole photographs right as PyTorch does, and answers as it does") {
  const auto images = data_folder("imagenet");
  const auto weights = data_folder("weights");
  if (!images || !weights) return;
  const TempFolder temp;
  Model model = deit_tiny(*weights, temp.path());
  const std::int64_t hits = right(model, *images / "val_full", *images / "val_full.tsv");
  CHECK(hits >= 45);
  CHECK(hits <= 47);
  CHECK(right(model, *images / "val_full", golden("val_full.tsv")) == 68);
}

TEST_CASE("DeiT-Tiny gets small photographs right as PyTorch does, and answers as it does") {
  const auto images = data_folder("imagenet");
  const auto weights = data_folder("weights");
  if (!images || !weights) return;
  const TempFolder temp;
  Model model = deit_tiny(*weights, temp.path());
  model = model.with_preprocess(Preprocess());  // bicubic straight to 224 x 224
  const std::int64_t hits = right(model, *images / "val_227", *images / "val_227.tsv");
  CHECK(hits >= 547);
  CHECK(hits <= 551);
  CHECK(right(model, *images / "val_227", golden("val_227.tsv")) >= 674);  // 99.5 % of 677
}
