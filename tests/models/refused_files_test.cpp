// SPDX-License-Identifier: Apache-2.0
// Model files and checkpoints that would lead out of buffers or divide by nothing, each refused.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "support/naive_scheme.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/model.h"

using namespace vitq;
using namespace vitq::test;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = fs::path(VITQ_TEST_FILES) / "golden" / "models";

// The golden ViT, quantized, with `from` in its metadata replaced by `to` once, after `at`.
fs::path quantized(const TempFolder& temp, const std::string& at, const std::string& from,
                   const std::string& to) {
  const Converted source = convert(kGolden / "hf_vit", {});
  const fs::path file = temp.path() / "model.safetensors";
  write_safetensors(file, source.weights, Overwrite::kYes);
  Model model = Model::load(file);
  Weights weights = naive_quantized(source.weights, model.graph(), source.info, 8);
  std::string& text = weights.metadata.at("vitq");
  const std::size_t place = text.find(from, text.find(at));
  REQUIRE(place != std::string::npos);
  text.replace(place, from.size(), to);
  write_safetensors(file, weights, Overwrite::kYes);
  return file;
}

}  // namespace

TEST_CASE("a range of a kind that the operand cannot have is refused") {
  const TempFolder temp;
  // The weights of a layer, whose scales would be missing.
  const fs::path weight = quantized(temp, "\"operand\":1", "\"static\"", "\"per_token\"");
  CHECK_THROWS_AS((void)Model::load(weight), WeightError);
  const fs::path columns = quantized(temp, "\"operand\":0", "\"per_token\"", "\"per_channel\"");
  CHECK_THROWS_AS((void)Model::load(columns), WeightError);
}

TEST_CASE("a checkpoint whose patches have no extent is refused") {
  const TempFolder temp;
  Weights weights = read_safetensors(kGolden / "fb_deit" / "model.safetensors");
  Tensor& patch = weights.tensors.at("patch_embed.proj.weight");
  patch = Tensor({patch.shape()[0], 3, 0, 0}, DType::kF32);
  const fs::path file = temp.path() / "model.safetensors";
  write_safetensors(file, weights, Overwrite::kYes);
  ConvertOptions options;
  options.arch = "deit";
  CHECK_THROWS_AS((void)convert(file, options), WeightError);
}

TEST_CASE("a detector names no classes") {
  const TempFolder temp;
  const fs::path file = temp.path() / "model.safetensors";
  write_safetensors(file, convert(kGolden / "hf_detr", {}).weights, Overwrite::kYes);
  Model model = Model::load(file);
  CHECK_THROWS_AS((void)model.classify(make_image(40, 30), 3), UnsupportedError);
}
