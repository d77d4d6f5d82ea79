// SPDX-License-Identifier: Apache-2.0
// vit_infer on networks without a head: features and patch tokens as transformers has them, in all
// forms that they are written in.
#include "features.h"

#include <cmath>

#include "support/oracle.h"
#include "vitq/compare_features.h"
#include "vitq/error.h"
#include "vitq/json.h"
#include "vitq/model.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// Floats that were summed in another order differ by a few ulps of the largest.
void check_close(std::span<const float> found, const std::vector<float>& expected) {
  REQUIRE(found.size() == expected.size());
  double largest = 0.0;
  for (const float v : expected) largest = std::max(largest, std::abs(static_cast<double>(v)));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double off = static_cast<double>(found[i]) - static_cast<double>(expected[i]);
    CHECK(std::abs(off) < 1e-5 * largest);
  }
}

// Tokens [begin, end) of both recorded images, after the last norm, which the record lacks.
std::vector<float> recorded_tokens(std::size_t begin, std::size_t end) {
  const Weights weights = read_safetensors(golden("hf_vit") / "model.safetensors");
  const std::span<const float> gain = weights.at("vit.layernorm.weight").as<float>();
  const std::span<const float> bias = weights.at("vit.layernorm.bias").as<float>();
  const Tensor tokens = recorded().at("tokens");
  REQUIRE(tokens.shape() == Shape{2, 17, 24});
  std::vector<float> values;
  for (std::size_t row = 0; row < 34; ++row) {
    if (row % 17 < begin || row % 17 >= end) continue;
    const auto part = tokens.as<float>().subspan(24 * row, 24);
    const oracle::Doubles normed = oracle::layer_norm(
        {part.begin(), part.end()}, {gain.begin(), gain.end()}, {bias.begin(), bias.end()}, 1e-12F);
    for (const double v : normed) values.push_back(static_cast<float>(v));
  }
  return values;
}

}  // namespace

TEST_CASE("features and patch tokens are those of transformers, to the float") {
  const TempFolder temp;
  const std::string features = (temp.path() / "f.npy").string();
  const std::string tokens = (temp.path() / "t.npy").string();
  const Result result = run("vit_infer", {"-m", make_headless(temp), "--tensor", write_input(temp),
                                          "--features", features, "--tokens", tokens});
  REQUIRE_MESSAGE(result.code == 0, result.err);
  const Tensor pooled = read_npy(features);
  CHECK(pooled.shape() == Shape{2, 24});
  check_close(pooled.as<float>(), recorded_tokens(0, 1));
  const Tensor map = read_npy(tokens);
  CHECK(map.shape() == Shape{2, 4, 4, 24});
  check_close(map.as<float>(), recorded_tokens(1, 17));
}

TEST_CASE("each image has a row of its own, whatever the batch, and the same numbers in JSON") {
  const TempFolder temp;
  const std::string model = make_headless(temp);
  std::vector<std::string> arguments = {"-m", model, "-f", "jsonl", "-b", "2"};
  for (int i = 0; i < 3; ++i) {
    arguments.push_back(write_image(temp, std::to_string(i) + ".png", i));
  }
  const std::string features = (temp.path() / "f.npy").string();
  arguments.insert(arguments.end(), {"--features", features});
  const Result result = run("vit_infer", arguments);
  REQUIRE_MESSAGE(result.code == 0, result.err);
  const Tensor rows = read_npy(features);
  CHECK(rows.shape() == Shape{3, 24});
  std::istringstream lines(result.out);
  std::size_t row = 0;
  const Model loaded = Model::load(model);
  for (std::string line; std::getline(lines, line); ++row) {
    const Json json = Json::parse(line, "line");
    CHECK(json.at("task").string() == "features");
    const std::vector<float> values = json.at("features").floats();
    const auto expected = rows.as<float>().subspan(24 * row, 24);
    CHECK(std::equal(values.begin(), values.end(), expected.begin(), expected.end()));
    const ImageFeatures one = loaded.features(read_image(json.at("image").string(), Exif::kApply));
    CHECK(one.pooled.shape() == Shape{24});
    CHECK(one.tokens.shape() == Shape{4, 4, 24});
    CHECK(cosine(one.pooled.as<float>(), expected) > 1.0 - 1e-6);
  }
  CHECK(row == 3);
}

TEST_CASE("text says how many features there are, how long, and how many tokens") {
  const TempFolder temp;
  const Result result =
      run("vit_infer", {"-m", make_headless(temp), write_image(temp, "a.png", 0)});
  REQUIRE_MESSAGE(result.code == 0, result.err);
  CHECK(result.out.find("24 features of length ") != std::string::npos);
  CHECK(result.out.find("; 4 x 4 tokens of 24\n") != std::string::npos);
}

TEST_CASE("an image that cannot be read has no row, and its line says why") {
  const TempFolder temp;
  const std::string features = (temp.path() / "f.npy").string();
  const std::string good = write_image(temp, "b.png", 0);
  const std::string bad = temp.file("a.png", "no image");
  const Result result = run("vit_infer", {"-m", make_headless(temp), bad, good, "-f", "jsonl",
                                          "--keep-going", "--features", features});
  CHECK(result.code == 1);
  CHECK(read_npy(features).shape() == Shape{1, 24});
  CHECK(Json::parse(result.out.substr(0, result.out.find('\n')), "line").contains("error"));
}

TEST_CASE("the image of the components has the same bits each time, and its own for each image") {
  const TempFolder temp;
  const std::string model = make_headless(temp);
  const auto drawn = [&](const std::string& image, const std::string& name) {
    const fs::path map = temp.path() / name;
    const Result result = run("vit_infer", {"-m", model, image, "--pca", map});
    REQUIRE_MESSAGE(result.code == 0, result.err);
    return read_image(map, Exif::kIgnore).rgb;
  };
  const std::string a = write_image(temp, "a.png", 0);
  const auto first = drawn(a, "first.png");
  CHECK(first == drawn(a, "second.png"));
  CHECK(first != drawn(write_image(temp, "b.png", 1), "third.png"));
  CHECK(first.size() == std::size_t{640 * 640 * 3});
}

TEST_CASE("what only other models know is refused by name for features, and the reverse") {
  const TempFolder temp;
  const std::string model = make_headless(temp);
  const std::string a = write_image(temp, "a.png", 0);
  const std::string b = write_image(temp, "b.png", 1);
  const std::string out = (temp.path() / "out.npy").string();
  const auto refused = [&](std::vector<std::string> more, const std::string& part) {
    more.insert(more.begin(), {"-m", model, a});
    check_refused(run("vit_infer", more), 2, part);
  };
  refused({"-k", "3"}, "gives features");
  refused({"-f", "csv"}, "--features");
  refused({"-f", "coco"}, "detectors");
  refused({"--threshold", "0.5"}, "detectors");
  refused({"--labels", a}, "gives features");
  refused({"--pca", out, b}, "exactly one image");
  const std::string taken = temp.file("taken.npy", "");
  check_refused(run("vit_infer", {"-m", model, a, "--features", taken}), 3, "exists already");
  const std::string classifier = make_model(temp);
  for (const char* option : {"--features", "--tokens", "--pca"}) {
    check_refused(run("vit_infer", {"-m", classifier, a, option, out}), 2, "without a head");
  }
  CHECK(!fs::exists(out));
  CHECK_THROWS_AS(Model::load(model).classify(read_image(a, Exif::kApply)), UnsupportedError);
  CHECK_THROWS_AS(Model::load(model).detect(read_image(a, Exif::kApply)), UnsupportedError);
  CHECK_THROWS_AS(Model::load(classifier).features(read_image(a, Exif::kApply)), UnsupportedError);
}

TEST_CASE("attention, profile and benchmark work without a head as with one") {
  const TempFolder temp;
  const std::string model = make_headless(temp);
  const std::string a = write_image(temp, "a.png", 0);
  const fs::path map = temp.path() / "map.png";
  const Result looked =
      run("vit_infer", {"-m", model, a, "--attention", map, "--method", "rollout", "--profile"});
  CHECK_MESSAGE(looked.code == 0, looked.err);
  CHECK(read_image(map, Exif::kIgnore).width == 640);
  const Result timed = run("vit_bench", {model, "--iters", "2", "-t", "1", "--per-op"});
  CHECK_MESSAGE(timed.code == 0, timed.err);
  const Result shown = run("vit_inspect", {model});
  CHECK_MESSAGE(shown.code == 0, shown.err);
  CHECK(shown.out.find("scores") == std::string::npos);
  CHECK(shown.out.find("features [1, 24], tokens [1, 4, 4, 24]") != std::string::npos);
}
