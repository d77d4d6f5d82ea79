// SPDX-License-Identifier: Apache-2.0
// The rules of dialects: stars, prefixes, joins, what is ignored, and names that collide.
#include <doctest/doctest.h>

#include "support/temp_folder.h"
#include "vitq/canonical_names.h"
#include "vitq/convert.h"
#include "vitq/error.h"

using namespace vitq;
using vitq::test::TempFolder;

namespace {

constexpr std::string_view kPrefixes[] = {"module.", "net."};
constexpr Rename kRenames[] = {{"enc.*.w.*", "blocks.*.fc.*"}, {"start", "mark"}};
constexpr Join kJoins[] = {{{"enc.*.q.*", "enc.*.k.*", "enc.*.v.*"}, "blocks.*.qkv.*"}};
constexpr std::string_view kIgnore[] = {"pooler.*"};
constexpr Dialect kDialects[] = {{.name = "made up",
                                  .mark = "start",
                                  .strip = kPrefixes,
                                  .renames = kRenames,
                                  .joins = kJoins,
                                  .ignore = kIgnore}};

// One value per tensor, counting up, so that it can be recognized.
Weights holding(std::initializer_list<std::string> names) {
  Weights weights;
  float value = 0.0F;
  for (const std::string& name : names) {
    Tensor tensor({1, 2}, DType::kF32);
    for (float& v : tensor.as<float>()) v = value;
    weights.tensors[name] = tensor;
    value += 1.0F;
  }
  return weights;
}

std::string error_of(const Weights& weights) {
  try {
    to_canonical_names(weights, kDialects);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace

TEST_CASE("prefixes come off, stars keep their parts, other names stay") {
  const Renamed result = to_canonical_names(
      holding({"module.net.start", "net.enc.12.w.bias", "other", "pooler.x", "enc.w.bias"}),
      kDialects);
  CHECK(result.dialect == "made up");
  CHECK(result.ignored == std::vector<std::string>{"pooler.x"});
  CHECK(result.weights.tensors.size() == 4);
  for (const char* name : {"mark", "blocks.12.fc.bias", "other", "enc.w.bias"}) {
    CHECK_MESSAGE(result.weights.find(name) != nullptr, name);
  }
}

TEST_CASE("queries, keys and values are laid end to end in this order") {
  const Renamed result = to_canonical_names(
      holding({"start", "enc.0.k.weight", "enc.0.v.weight", "enc.0.q.weight"}), kDialects);
  const Tensor& whole = result.weights.at("blocks.0.qkv.weight");
  CHECK(whole.shape() == Shape{3, 2});
  const auto values = whole.as<float>();
  CHECK(std::vector<float>(values.begin(), values.end()) ==
        std::vector<float>{3.0F, 3.0F, 1.0F, 1.0F, 2.0F, 2.0F});
  CHECK(result.weights.tensors.size() == 2);
}

TEST_CASE("an incomplete join leaves its parts, to be reported under their own names") {
  const Renamed result =
      to_canonical_names(holding({"start", "enc.0.q.weight", "enc.0.k.weight"}), kDialects);
  CHECK(result.weights.find("enc.0.q.weight") != nullptr);
  CHECK(result.weights.find("enc.0.k.weight") != nullptr);
}

TEST_CASE("parts of different shapes are not joined") {
  Weights weights = holding({"start", "enc.0.q.weight", "enc.0.k.weight", "enc.0.v.weight"});
  weights.tensors["enc.0.v.weight"] = Tensor({1, 3}, DType::kF32);
  CHECK(error_of(weights).find("cannot join 'blocks.0.qkv.weight'") != std::string::npos);
}

TEST_CASE("gains of LayerScale go into the layer before them, everywhere or nowhere") {
  static constexpr LayerScale kScales[] = {{"blocks.*.fc", "blocks.*.gain"}};
  const Dialect scaled[] = {{.name = "scaled",
                             .mark = "start",
                             .strip = {},
                             .renames = {},
                             .joins = {},
                             .ignore = {},
                             .layer_scales = kScales}};
  const auto vector = [](std::vector<float> values, Shape shape) {
    Tensor tensor(shape, DType::kF32);
    std::ranges::copy(values, tensor.as<float>().begin());
    return tensor;
  };
  Weights weights = holding({"start"});
  weights.tensors["blocks.0.fc.weight"] = vector({1, 2, 3, 4, 5, 6}, {2, 3});
  weights.tensors["blocks.0.fc.bias"] = vector({7, 8}, {2});
  weights.tensors["blocks.0.gain"] = vector({10, -0.5F}, {2});
  const Renamed result = to_canonical_names(weights, scaled);
  const auto values = [&](const char* name) {
    const auto found = result.weights.at(name).as<float>();
    return std::vector<float>(found.begin(), found.end());
  };
  CHECK(values("blocks.0.fc.weight") == std::vector<float>{10, 20, 30, -2, -2.5F, -3});
  CHECK(values("blocks.0.fc.bias") == std::vector<float>{70, -4});
  CHECK(result.weights.find("blocks.0.gain") == nullptr);
  weights.tensors["blocks.1.fc.weight"] = vector({1, 2}, {2, 1});
  CHECK_THROWS_WITH_AS((void)to_canonical_names(weights, scaled),
                       doctest::Contains("missing: blocks.1.gain"), WeightError);
}

TEST_CASE("two tensors that mean the same are refused") {
  CHECK(error_of(holding({"start", "mark"})) == "two tensors of the checkpoint mean 'mark'");
  CHECK(error_of(holding({"start", "other", "module.other"})) ==
        "two tensors of the checkpoint mean 'other'");
}

TEST_CASE("a checkpoint of no known kind is refused with what was looked for") {
  CHECK(error_of(holding({"conv1.weight"})).find("start") != std::string::npos);
}

TEST_CASE("a bad checkpoint is reported whole: missing, misshaped and unexpected tensors") {
  const auto golden = std::filesystem::path(VITQ_TEST_FILES) / "golden" / "models" / "timm_vit";
  const TempFolder temp;
  Weights weights = read_safetensors(golden / "model.safetensors");
  weights.tensors.erase("norm.bias");
  weights.tensors.erase("blocks.1.mlp.fc2.weight");
  weights.tensors["blocks.0.norm1.bias"] = Tensor({5}, DType::kF32);
  weights.tensors["extra.weight"] = Tensor({7}, DType::kF32);
  std::filesystem::copy(golden / "config.json", temp.path() / "config.json");
  write_safetensors(temp.path() / "model.safetensors", weights, Overwrite::kNo);
  std::string report;
  try {
    convert(temp.path(), {});
  } catch (const WeightError& error) {
    report = error.what();
  }
  for (const char* part :
       {"missing: norm.bias", "missing: blocks.1.mlp.fc2.weight", "misshaped: blocks.0.norm1.bias",
        "unexpected: extra.weight [7]", "model.safetensors"}) {
    CHECK_MESSAGE(report.find(part) != std::string::npos, part, " in ", report);
  }
}

TEST_CASE("an unknown preset is refused with the known ones") {
  const auto golden = std::filesystem::path(VITQ_TEST_FILES) / "golden" / "models" / "timm_vit";
  ConvertOptions options;
  options.preset = "keras";
  std::string text;
  try {
    convert(golden, options);
  } catch (const UnsupportedError& error) {
    text = error.what();
  }
  for (const char* part : {"'keras'", "timm-vit", "fb-deit", "hf-vit"}) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, part, " in ", text);
  }
}
