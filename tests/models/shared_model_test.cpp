// SPDX-License-Identifier: Apache-2.0
// One model, many threads: the same bits as one thread gives, and memory for activations only.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/model.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

const fs::path kFiles = fs::path(VITQ_TEST_FILES);
const fs::path kDefaultModel =
    kFiles.parent_path() / "models" / "pretrained" / "vit-cifar10" / "int8.safetensors";

Image noise(int width, int height, unsigned seed) {
  Image image = make_image(width, height);
  for (std::uint8_t& value : image.rgb) {
    seed = seed * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(seed >> 24U);
  }
  return image;
}

bool same_bytes(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  return std::ranges::equal(a, b, [](const Tensor& x, const Tensor& y) {
    return x.shape() == y.shape() && std::equal(x.data(), x.data() + x.bytes(), y.data());
  });
}

// Every thread shows the model all inputs, each beginning with another.
void check_threads(const Model& model, const std::vector<Tensor>& inputs) {
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kRounds = 5;
  std::vector<std::vector<Tensor>> expected;
  for (const Tensor& input : inputs) expected.push_back(model.run(input));
  std::vector<int> wrong(kThreads, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < kRounds * inputs.size(); ++i) {
        const std::size_t index = (t + i) % inputs.size();
        if (!same_bytes(model.run(inputs[index]), expected[index])) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(kThreads, 0));
}

}  // namespace

TEST_CASE("eight threads on one quantized model get what one thread gets, in any batch") {
  const Model model = Model::load(kDefaultModel, {.session = {.threads = 1}, .lower = {}});
  std::vector<Tensor> inputs;
  for (unsigned n = 1; n <= 3; ++n) {
    std::vector<Image> batch;
    for (unsigned i = 0; i < n; ++i) batch.push_back(noise(40, 40, 7 * n + i));
    inputs.push_back(model.prepare(batch));
  }
  check_threads(model, inputs);
}

TEST_CASE("eight threads on one detector get what one thread gets, at more sizes than are kept") {
  const TempFolder temp;
  const fs::path file = temp.path() / "detr.safetensors";
  write_safetensors(file, convert(kFiles / "golden" / "models" / "hf_detr", {}).weights,
                    Overwrite::kNo);
  const Model model = Model::load(file, {.session = {.threads = 1}, .lower = {}});
  std::vector<Tensor> inputs;
  for (int i = 0; i < 6; ++i) {
    const Image image = noise(64 + 32 * i, 64, static_cast<unsigned>(i));
    inputs.push_back(normalize({&image, 1}, model.info().preprocess));
  }
  check_threads(model, inputs);
}

TEST_CASE("a session of the default model takes less than a megabyte beside the weights") {
  const Model model = Model::load(kDefaultModel, {.session = {.threads = 1}, .lower = {}});
  CHECK(model.session().bytes() < 1'000'000);
  CHECK(model.session(8).bytes() < 8'000'000);
}

TEST_CASE("copies of a model share it, and one prepares images as it is told") {
  const Model model = Model::load(kDefaultModel);
  Preprocess other = model.info().preprocess;
  other.filter = Filter::kBilinear;
  const Model told = model.with_preprocess(other);
  const Image image = noise(90, 70, 1);
  CHECK(&told.graph() == &model.graph());
  CHECK(told.info().preprocess == other);
  CHECK_FALSE(same_bytes({told.prepare({&image, 1})}, {model.prepare({&image, 1})}));
  const Tensor input = model.prepare({&image, 1});
  CHECK(same_bytes(told.run(input), model.run(input)));
}

TEST_CASE("a quantized model that reads pixels refuses floats, and says what it takes") {
  const Model model = Model::load(kDefaultModel);
  REQUIRE(model.reads_pixels());
  const Image image = noise(40, 40, 3);
  const std::vector<Image> seen = {model.info().preprocess.pixels(image)};
  CHECK_THROWS_WITH_AS(model.run(normalize(seen, model.info().preprocess)),
                       "input 0: expected u8 [1, 3, 32, 32], found f32 [1, 3, 32, 32]", ShapeError);
}
