// SPDX-License-Identifier: Apache-2.0
// From a float model file to an int8 one within a program, and how far the two are apart.
#include "vitq/quantize_model.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "clipped_shares.h"
#include "support/temp_folder.h"
#include "vitq/compare_models.h"
#include "vitq/convert.h"
#include "vitq/model_file.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

Image smooth_image(int seed) {
  Image image = make_image(40, 30);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    image.rgb[i] = static_cast<std::uint8_t>(i * static_cast<std::size_t>(seed + 1) / 16);
  }
  return image;
}

// A float model, and images as files and in memory.
struct Desk {
  TempFolder temp;
  fs::path model = temp.path() / "float.safetensors";
  fs::path out = temp.path() / "int8.safetensors";
  std::vector<fs::path> files;
  std::vector<Image> images;
  QuantizeModelOptions options = {.recipe = recipe_named("minmax"), .threads = 1};

  explicit Desk(const char* name = "hf_vit") {
    const Converted made = convert(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name, {});
    write_model(model, made.info, made.weights, Overwrite::kNo);
    for (int i = 0; i < 4; ++i) {
      images.push_back(smooth_image(i));
      files.push_back(temp.path() / (std::to_string(i) + ".png"));
      write_png(files.back(), images.back(), Overwrite::kNo);
    }
  }
  std::vector<LabelledImage> shown() const {
    std::vector<LabelledImage> result;
    for (const fs::path& file : files) result.push_back({.path = file});
    return result;
  }
};

}  // namespace

TEST_CASE("a model is quantized for images, written, and answers nearly as before") {
  const Desk desk;
  int layers = 0;
  QuantizeModelOptions options = desk.options;
  options.progress = [&layers](const Progress&) { ++layers; };
  const QuantizedModel made = quantize_model(desk.model, desk.files, options);
  CHECK(layers > 0);
  CHECK(made.images == 4);
  CHECK(!made.trade_off);
  CHECK(made.provenance.at("bits").string() == "w7a8");
  CHECK(made.provenance.at("calibration").string() == digest_of(desk.files));
  CHECK(made.info.quantization.contains("scheme"));
  write_model(desk.out, made.info, made.weights, Overwrite::kNo);

  Model reference = Model::load(desk.model);
  Model model = Model::load(desk.out);
  const ModelComparison apart = compare_models(model, reference, desk.shown());
  CHECK(apart.comparison.images == 4);
  CHECK(apart.comparison.divergence > 0.0);
  CHECK(apart.comparison.divergence < 0.04);
  CHECK_THROWS_AS(quantize_model(desk.out, desk.files, options), UnsupportedError);
}

TEST_CASE("images in memory give what the same images give as files, but for their digest") {
  const Desk desk;
  QuantizedModel files = quantize_model(desk.model, desk.files, desk.options);
  const QuantizedModel memory = quantize_model(desk.model, desk.images, desk.options);
  CHECK(memory.provenance.at("calibration").string().empty());
  REQUIRE(memory.weights.tensors.size() == files.weights.tensors.size());
  for (const auto& [name, tensor] : files.weights.tensors) {
    CAPTURE(name);
    const Tensor& other = memory.weights.at(name);
    REQUIRE(other.bytes() == tensor.bytes());
    CHECK(std::equal(tensor.data(), tensor.data() + tensor.bytes(), other.data()));
  }
}

TEST_CASE("rules and limits are kept to, and a plan needs no images") {
  const Desk desk;
  QuantizeModelOptions options = desk.options;
  options.rules = {{"mlp", Bits{4, 8}}, {"^head$", std::nullopt}};
  options.limit = 2;
  const ModelPlan plan = plan_model(desk.model, {}, options);
  const QuantizedModel made = quantize_model(desk.model, desk.files, options);
  CHECK(made.images == 2);
  REQUIRE(plan.layers.size() == made.report.size());
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    const LayerPlan& layer = plan.layers[i];
    CHECK(layer.name == made.report[i].plan.name);
    CHECK(layer.bits == made.report[i].plan.bits);
    if (layer.name == "head") CHECK(!layer.bits);
    if (layer.name.find("mlp") != std::string::npos) CHECK(layer.bits->weights == 4);
  }
  options.rules = {{"no such layer", std::nullopt}};
  CHECK_THROWS_AS(plan_model(desk.model, {}, options), UnsupportedError);
}

TEST_CASE("a value that integers only could not hold is named") {
  const Desk desk;
  Weights weights = read_safetensors(desk.model);
  weights.tensors.at("blocks.0.mlp.fc2.bias").as<float>()[3] = -20000.0F;
  const fs::path outlier = desk.temp.path() / "outlier.safetensors";
  write_model(outlier, read_model_info(weights, "outlier"), weights, Overwrite::kNo);
  QuantizeModelOptions options = desk.options;
  options.limit = 1;
  CHECK(quantize_model(outlier, desk.files, options).images == 1);
  options.recipe = recipe_named("default");
  options.integer_only = true;
  CHECK(quantize_model(desk.model, desk.files, options).images == 1);
  CHECK_THROWS_WITH_AS(quantize_model(outlier, desk.files, options),
                       doctest::Contains("but integers only hold those below 8192"),
                       UnsupportedError);
}

TEST_CASE("a budget chooses bits, and one out of reach says what the least is") {
  const Desk desk;
  QuantizeModelOptions options = desk.options;
  options.budget = BitBudget{.mean_bits = 5.5};
  const QuantizedModel made = quantize_model(desk.model, desk.files, options);
  REQUIRE(made.trade_off);
  CHECK(made.trade_off->uniform.size() == 5);
  CHECK(made.note.find("added up") != std::string::npos);
  // A rule's bits stand, the fewest that there are among them.
  options.rules = {{"^head$", Bits{kMinBits, kMinBits}}};
  for (const LayerReport& layer : quantize_model(desk.model, desk.files, options).report) {
    if (layer.plan.name == "head") CHECK(layer.plan.bits == Bits{kMinBits, kMinBits});
  }
  options.rules = {{".", Bits{kMinBits, kMinBits}}};
  CHECK_THROWS_WITH_AS(quantize_model(desk.model, desk.files, options),
                       "there is no layer whose bits are free", UnsupportedError);
  options.rules = {};

  options.budget = BitBudget{.mean_bits = 2.0};
  CHECK_THROWS_WITH_AS(quantize_model(desk.model, desk.files, options),
                       "the fewest bits that there are is 4", BudgetError);
  options.budget = BitBudget{.megabytes = 1.0, .mean_bits = 6.0};
  CHECK_THROWS_AS(quantize_model(desk.model, desk.files, options), UnsupportedError);
  options.budget = BitBudget{};
  CHECK_THROWS_AS(quantize_model(desk.model, desk.files, options), UnsupportedError);
}

TEST_CASE("a sample is spread evenly, or drawn without favourites") {
  CHECK(sample(10, 5) == std::vector<std::size_t>{0, 2, 4, 6, 8});
  CHECK(sample(3, 5) == std::vector<std::size_t>{0, 1, 2});
  CHECK(sample(3, 5, 1) == std::vector<std::size_t>{0, 1, 2});
  CHECK(sample(0, 5, 1).empty());
  std::vector<int> hits(20);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const std::vector<std::size_t> chosen = sample(20, 5, seed);
    CHECK(std::is_sorted(chosen.begin(), chosen.end()));
    for (const std::size_t index : chosen) ++hits[index];
  }
  CHECK(*std::min_element(hits.begin(), hits.end()) > 420);  // 500 expected, deviation 19
  CHECK(*std::max_element(hits.begin(), hits.end()) < 580);
}

TEST_CASE("a model is no step away from itself, and layers show where another form is") {
  const Desk desk;
  Model a = Model::load(desk.model);
  Model b = Model::load(desk.model);
  std::int64_t done = 0;
  const ModelComparison same = compare_models(
      a, b, desk.shown(), {.batch = 3, .progress = [&done](std::int64_t n) { done += n; }});
  CHECK(done == 4);
  CHECK(same.comparison.agreeing == 4);
  CHECK(same.comparison.divergence == 0.0);
  CHECK(same.model.right == 0);
  for (const LayerError& layer : compare_layers(desk.model, desk.model, desk.files[0], 1)) {
    CHECK(!layer.decibels);
  }
  const QuantizedModel made = quantize_model(desk.model, desk.files, desk.options);
  write_model(desk.out, made.info, made.weights, Overwrite::kNo);
  const std::vector<LayerError> layers = compare_layers(desk.model, desk.out, desk.files[0], 1);
  REQUIRE(!layers.empty());
  CHECK(layers.back().name == "logits");
  CHECK(layers.back().decibels.value() > 10.0);
}

TEST_CASE("models that cannot be compared are refused") {
  const Desk desk;
  const Desk detector("hf_detr");
  Model model = Model::load(desk.model);
  Model other = Model::load(detector.model);
  CHECK_THROWS_AS(compare_models(model, other, desk.shown()), UnsupportedError);
  CHECK_THROWS_AS(compare_layers(desk.model, detector.model, desk.files[0], 1), UnsupportedError);
}

TEST_CASE("the record keeps which layers clipped in calibration") {
  LayerReport clean;
  clean.plan.name = "a";
  LayerReport clipping;
  clipping.plan.name = "b";
  clipping.clipped = 0.25;
  LayerReport by_row = clipping;
  by_row.plan.name = "c";
  clipping.range = Range::kStatic;
  CHECK(clipped_shares({clean, clipping, by_row}).dump() == R"({"b":0.25})");
}
