// SPDX-License-Identifier: Apache-2.0
// The class token's attention against timm's and transformers' (tests/golden/make_models.py).
#include "infer/attention.h"

#include "common/args.h"
#include "infer/query_attention.h"
#include "run.h"
#include "vitq/error.h"

using namespace vitq;
using namespace vitq::apps;
using namespace vitq::test;

namespace {

using Matrix = std::vector<std::vector<double>>;

// PyTorch's attention of one layer for the first image: of one head, or of all on average.
Matrix expected_layer(const Weights& expected, int layer, std::optional<std::size_t> head) {
  const Tensor& all = expected.at("attention." + std::to_string(layer));
  const auto heads = static_cast<std::size_t>(all.shape()[1]);
  const auto n = static_cast<std::size_t>(all.shape()[2]);
  const std::span<const float> values = all.as<float>();
  Matrix mean(n, std::vector<double>(n));
  for (std::size_t h = 0; h < heads; ++h) {
    if (head && h != *head) continue;
    const double weight = head ? 1.0 : 1.0 / static_cast<double>(heads);
    for (std::size_t i = 0; i < n * n; ++i) {
      mean[i / n][i % n] += weight * static_cast<double>(values[h * n * n + i]);
    }
  }
  return mean;
}

Matrix with_residual(Matrix a) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (double& value : a[i]) value *= 0.5;
    a[i][i] += 0.5;
  }
  return a;
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.size(), std::vector<double>(b.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      for (std::size_t k = 0; k < b.size(); ++k) c[i][j] += a[i][k] * b[k][j];
    }
  }
  return c;
}

void check_close(const PatchWeights& found, const Matrix& expected) {
  CHECK(found.width == 4);
  CHECK(found.height == 4);
  REQUIRE(found.weights.size() == 16);
  const std::size_t first = expected.size() - 16;
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(found.weights[i] == doctest::Approx(expected[0][first + i]).epsilon(1e-4));
  }
}

Tensor first_image(const Weights& expected) {
  const Tensor& two = expected.at("input");
  Tensor input(two.shape().with(0, 1), DType::kF32);
  std::copy_n(two.data(), input.bytes(), input.data());
  return input;
}

void check_model(const std::string& name) {
  CAPTURE(name);
  const TempFolder temp;
  const Weights expected = read_safetensors(golden(name) / "expected.safetensors");
  Model model = observe_attention(
      Model::load(make_model(temp, name), {.session = {.threads = 1}, .lower = {}}));
  const Tensor input = first_image(expected);

  const Matrix first = expected_layer(expected, 0, std::nullopt);
  const Matrix second = expected_layer(expected, 1, std::nullopt);
  check_close(attention_of(model, input, {}), second);
  check_close(attention_of(model, input, {.layer = 0}), first);
  check_close(attention_of(model, input, {.head = 1}), expected_layer(expected, 1, 1));
  check_close(attention_of(model, input, {.method = "rollout"}),
              product(with_residual(second), with_residual(first)));
  check_close(attention_of(model, input, {.method = "rollout", .layer = 0}), with_residual(first));
  CHECK_THROWS_AS(attention_of(model, input, {.layer = 2}), UsageError);
  CHECK_THROWS_AS(attention_of(model, input, {.head = 3}), UsageError);
}

// All layers and heads at once, of row `row`.
void check_maps(const std::string& name, std::optional<std::int64_t> query) {
  CAPTURE(name);
  const TempFolder temp;
  const Weights expected = read_safetensors(golden(name) / "expected.safetensors");
  const Model model = observe_attention(Model::load(make_model(temp, name)));
  CHECK(has_attention_maps(model));
  const AttentionMaps maps = attention_maps(model, first_image(expected), query);
  CHECK(maps.layers == 2);
  const std::int64_t patches = maps.height * maps.width;
  const auto* found = maps.weights.data();
  for (std::int64_t layer = 0; layer < maps.layers; ++layer) {
    const Tensor& all = expected.at("attention." + std::to_string(layer));
    const Shape& shape = all.shape();  // [2, heads, queries, keys]
    REQUIRE(maps.heads == shape[1]);
    for (std::int64_t head = 0; head < maps.heads; ++head) {
      const std::int64_t end = (head * shape[2] + query.value_or(0) + 1) * shape[3];
      for (std::int64_t i = end - patches; i < end; ++i) {
        CHECK(*found++ ==
              doctest::Approx(all.as<float>()[static_cast<std::size_t>(i)]).epsilon(1e-4));
      }
    }
  }
}

// What a decoder's layer pays to the 4 x 5 features of the first image, relative to the most.
std::vector<double> expected_query(const Weights& expected, int layer, std::size_t query) {
  const Tensor& all = expected.at("attention." + std::to_string(layer));  // [2, 8, 6, 20]
  constexpr std::size_t kHeads = 8;
  constexpr std::size_t kQueries = 6;
  constexpr std::size_t kFeatures = 20;
  REQUIRE(all.shape() == Shape{2, kHeads, kQueries, kFeatures});
  std::vector<double> row(kFeatures);
  for (std::size_t h = 0; h < kHeads; ++h) {
    const std::size_t first = (h * kQueries + query) * kFeatures;
    for (std::size_t i = 0; i < kFeatures; ++i) {
      row[i] += static_cast<double>(all.as<float>()[first + i]);
    }
  }
  const double max = *std::max_element(row.begin(), row.end());
  for (double& value : row) value /= max;
  return row;
}

void check_queries(const PatchWeights& found, const std::vector<double>& expected) {
  CHECK(found.width == 5);
  CHECK(found.height == 4);
  REQUIRE(found.weights.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(found.weights[i] == doctest::Approx(expected[i]).epsilon(1e-4));
  }
}

}  // namespace

TEST_CASE("a query's attention is PyTorch's; of several queries the largest counts") {
  const TempFolder temp;
  const Weights expected = read_safetensors(golden("hf_detr") / "expected.safetensors");
  Model model = observe_attention(
      Model::load(make_model(temp, "hf_detr"), {.session = {.threads = 1}, .lower = {}}));
  const Tensor input = first_image(expected);
  const auto of = [&](const AttentionJob& job, std::vector<std::int64_t> queries) {
    return attention_of_queries(model, input, job, queries);
  };
  const std::vector<double> second = expected_query(expected, 1, 2);
  check_queries(of({}, {2}), second);
  check_queries(of({.layer = 0}, {2}), expected_query(expected, 0, 2));
  std::vector<double> both = expected_query(expected, 1, 5);
  for (std::size_t i = 0; i < both.size(); ++i) both[i] = std::max(both[i], second[i]);
  check_queries(of({}, {2, 5}), both);
  CHECK_THROWS_AS(of({.layer = 2}, {2}), UsageError);
  CHECK_THROWS_AS(of({.head = 8}, {2}), UsageError);
  CHECK_THROWS_AS(of({}, {6}), UsageError);
  Model classifier =
      observe_attention(Model::load(make_model(temp), {.session = {.threads = 1}, .lower = {}}));
  const Tensor square({1, 3, 16, 16}, DType::kF32);
  const std::vector<std::int64_t> query = {0};
  CHECK_THROWS_AS(attention_of_queries(classifier, square, {}, query), UnsupportedError);
}

TEST_CASE("vit_infer draws the attention of the objects found, or of one query") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string image = write_image(temp, "a.png", 0);  // 40 x 30
  const std::string map = (temp.path() / "map.png").string();
  const auto draw = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"-m", model, image, "--attention", map, "--force"});
    return vitq::test::run("vit_infer", more);
  };
  CHECK(draw({"--threshold", "0"}).code == 0);
  const Image all = read_image(map, Exif::kIgnore);
  CHECK(all.width * 3 == all.height * 4);
  CHECK(draw({"--query", "1"}).code == 0);
  CHECK(read_image(map, Exif::kIgnore).rgb != all.rgb);
  const auto check_failed = [](const Result& result, const char* part) {  // after the answer
    CHECK(result.code == 2);
    CHECK_MESSAGE(result.err.find(part) != std::string::npos, result.err);
  };
  check_failed(draw({"--query", "6"}), "there is no query 6; this network's are 0 to 5");
  check_failed(draw({"--threshold", "1"}), "no object was found whose attention");
  check_refused(draw({"--method", "rollout"}), 2, "for classifiers");
  check_refused(vitq::test::run("vit_infer", {"-m", model, image, "--query", "1"}), 2,
                "requires --attention");
  check_refused(vitq::test::run("vit_infer", {"-m", make_model(temp), image, "--attention", map,
                                              "--force", "--query", "1"}),
                2, "--query is for detectors");
}

TEST_CASE("attention maps are PyTorch's, with a distillation token and without") {
  for (const char* name : {"timm_vit", "timm_deit_distilled", "hf_deit_teacher"}) check_model(name);
}

TEST_CASE("the maps of all layers and heads are PyTorch's, of classifiers and detectors") {
  for (const char* name : {"timm_vit", "timm_deit_distilled"}) check_maps(name, {});
  check_maps("hf_detr", 2);
  const TempFolder temp;
  const Model classifier = observe_attention(Model::load(make_model(temp)));
  const Tensor square({1, 3, 16, 16}, DType::kF32);
  CHECK_THROWS_AS(attention_maps(classifier, square, 0), UnsupportedError);
  const Model detector = observe_attention(Model::load(make_model(temp, "hf_detr")));
  const Tensor image({1, 3, 30, 40}, DType::kF32);
  CHECK_THROWS_AS(attention_maps(detector, image), UnsupportedError);
  CHECK_THROWS_AS(attention_maps(detector, image, 6), UnsupportedError);
}

TEST_CASE("a heat map is brightest where the weight is, and equal weights leave it even") {
  Image grey = make_image(32, 32);
  std::fill(grey.rgb.begin(), grey.rgb.end(), std::uint8_t{100});
  const Preprocess exact = {.height = 32, .width = 32};
  PatchWeights weights = {4, 4, std::vector<double>(16, 0.01)};
  weights.weights[4 * 1 + 2] = 0.5;
  weights.weights[4 * 1 + 3] = 0.5;
  const Image map = heat_map(weights, grey, exact);
  REQUIRE(map.width == 640);
  const auto brightness = [&](int column, int row) {
    const std::uint8_t* pixel = map.row(160 * row + 80) + 3 * (160 * column + 80);
    return int{pixel[0]} + int{pixel[1]} + int{pixel[2]};
  };
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 2; ++column) {
      CHECK(brightness(column, row) < brightness(2, 1) - 50);
    }
  }
  const Image even = heat_map({4, 4, std::vector<double>(16, 0.01)}, grey, exact);
  CHECK(std::count(even.rgb.begin(), even.rgb.end(), even.rgb[0]) >= 640 * 640);
}
