// SPDX-License-Identifier: Apache-2.0
// Model files and checkpoints that would lead out of buffers or divide by nothing, each refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

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

namespace {

// The golden ViT, quantized with weights of 4 bits, with one tensor more.
fs::path with_tensor(const TempFolder& temp, const std::string& name, std::vector<float> values) {
  const Converted source = convert(kGolden / "hf_vit", {});
  const fs::path file = temp.path() / "model.safetensors";
  write_safetensors(file, source.weights, Overwrite::kYes);
  Model model = Model::load(file);
  Weights weights = naive_quantized(source.weights, model.graph(), source.info, 4);
  Tensor tensor({static_cast<std::int64_t>(values.size())}, DType::kF32);
  std::ranges::copy(values, tensor.as<float>().begin());
  weights.tensors[name] = std::move(tensor);
  write_safetensors(file, weights, Overwrite::kYes);
  return file;
}

std::vector<float> rising(int count, float first) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) values.push_back(first + static_cast<float>(i));
  return values;
}

}  // namespace

TEST_CASE("clipping is refused where it cannot be, and so are shares that leave nothing") {
  const TempFolder temp;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::string layer = "blocks.0.attn.qkv.0.clip";
  CHECK_NOTHROW((void)Model::load(with_tensor(temp, layer, {0.25F, 0.5F})));
  const std::vector<float> bad[] = {{0.5F, 0.5F}, {-0.1F, 0.0F}, {nan, 0.0F},
                                    {0.0F, nan},  {0.1F},        {0.1F, 0.1F, 0.1F}};
  for (const std::vector<float>& shares : bad) {
    CHECK_THROWS_AS((void)Model::load(with_tensor(temp, layer, shares)), WeightError);
  }
  for (const char* site :
       {"patch_embed.proj.0", "blocks.0.attn.qkv.1", "blocks.0.attn.qk.0", "blocks.0.attn.av.1"}) {
    CAPTURE(site);
    const std::string name = std::string(site) + ".clip";
    CHECK_THROWS_AS((void)Model::load(with_tensor(temp, name, {0.1F, 0.1F})), WeightError);
  }
}

TEST_CASE("a codebook is refused where it cannot be, and so are entries that are no codes") {
  const TempFolder temp;
  const std::string layer = "blocks.0.attn.qkv.1.codebook";
  CHECK_NOTHROW((void)Model::load(with_tensor(temp, layer, rising(16, -8.0F))));
  std::vector<float> bad[] = {rising(15, -8.0F),   rising(16, 112.5F), rising(16, 113.0F),
                              rising(16, -128.0F), rising(16, -8.0F),  rising(16, -8.0F)};
  bad[4][3] = std::numeric_limits<float>::quiet_NaN();
  bad[5][3] = bad[5][2];
  for (const std::vector<float>& entries : bad) {
    CHECK_THROWS_AS((void)Model::load(with_tensor(temp, layer, entries)), WeightError);
  }
  const fs::path input = with_tensor(temp, "blocks.0.attn.qkv.0.codebook", rising(256, -128.0F));
  CHECK_THROWS_AS((void)Model::load(input), WeightError);
}

TEST_CASE("bits that codes do not have are refused, and so are codes of other bits") {
  const TempFolder temp;
  const auto with = [&](const std::string& bits) {
    return quantized(temp, "\"node\":\"blocks.0.attn.qkv\",\"operand\":1", "\"bits\":8", bits);
  };
  CHECK_THROWS_AS((void)Model::load(with("\"bits\":17")), FileError);
  CHECK_THROWS_AS((void)Model::load(with("\"bits\":1")), FileError);
  std::string what;
  try {
    (void)Model::load(with("\"bits\":12"));
  } catch (const WeightError& error) {
    what = error.what();
  }
  CAPTURE(what);
  CHECK(what.find("'blocks.0.attn.qkv.weight': expected packed codes u8 [") != std::string::npos);
  CHECK(what.find("found s8 [") != std::string::npos);
}

TEST_CASE("bits of output tokens are refused where there are no tokens of their own range") {
  const TempFolder temp;
  const std::string more = "\"output_token_bits\":8,";
  const auto with = [&](const std::string& at, const std::string& range, const std::string& bits) {
    const std::string text = "\"range\":\"" + range + "\"";
    return quantized(temp, at, text, bits + text);
  };
  CHECK_NOTHROW((void)Model::load(with("blocks.0.attn.qkv", "per_token", more)));
  CHECK_THROWS_AS((void)Model::load(with("patch_embed.proj", "static", more)), WeightError);
  CHECK_THROWS_AS((void)Model::load(with("blocks.0.attn.av", "per_channel", more)), WeightError);
  CHECK_THROWS_AS((void)Model::load(with("\"node\":\"head\"", "per_token", more)), WeightError);
  CHECK_THROWS_AS(
      (void)Model::load(with("blocks.0.attn.qkv", "per_token", "\"output_token_bits\":17,")),
      FileError);
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
