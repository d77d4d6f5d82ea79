// SPDX-License-Identifier: Apache-2.0
// DETR and its layers on integers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "support/naive_scheme.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/layers.h"
#include "vitq/model.h"
#include "vitq/plan.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = fs::path(VITQ_TEST_FILES) / "golden" / "models" / "hf_detr";

// The golden DETR as a file of ours.
Model converted(const TempFolder& temp) {
  const fs::path file = temp.path() / "model.safetensors";
  write_safetensors(file, convert(kGolden, {}).weights, Overwrite::kYes);
  return Model::load(file, {.session = {.threads = 1}, .lower = {}});
}

Image speckled(int width, int height) {
  Image image = make_image(width, height);
  std::uint32_t state = 7;
  for (std::uint8_t& value : image.rgb) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24U);
  }
  return image;
}

// Its file with every layer and attention at `bits` bits.
fs::path quantized(const Model& model, const Graph& graph, int bits, const TempFolder& temp) {
  const Weights weights = read_safetensors(temp.path() / "model.safetensors");
  const fs::path file = temp.path() / "quantized.safetensors";
  write_safetensors(file, vitq::test::naive_quantized(weights, graph, model.info(), bits),
                    Overwrite::kYes);
  return file;
}

}  // namespace

TEST_CASE("an integer DETR gives the same bits on both backends, alone and in a batch") {
  const TempFolder temp;
  Model model = converted(temp);
  const Image image = speckled(64, 48);
  const Image images[] = {image, speckled(64, 48)};
  for (const int bits : {7, 8}) {
    CAPTURE(bits);
    const fs::path file = quantized(model, model.graph(), bits, temp);
    Model fast = Model::load(file, {.session = {.threads = 2}, .lower = {}});
    Model plain =
        Model::load(file, {.session = {.threads = 1, .backend = Backend::kReference}, .lower = {}});
    const Tensor logits = fast.run(fast.prepare({&image, 1}))[0].clone();
    const auto found = logits.as<float>();
    const Tensor expected = plain.run(plain.prepare({&image, 1}))[0].clone();
    CHECK(std::ranges::equal(found, expected.as<float>()));
    const Tensor batch = fast.run(fast.prepare(images))[0];
    CHECK(std::ranges::equal(found, batch.as<float>().first(found.size())));
  }
}

// Two images, of which the second ends after two thirds of the columns. What lies beyond is `fill`.
struct PaddedBatch {
  Tensor input, mask;

  PaddedBatch(const Model& model, std::uint8_t fill) {
    const Image images[] = {speckled(64, 48), speckled(64, 48)};
    input = model.prepare(images);
    const Shape& shape = input.shape();
    mask = Tensor({2, shape[2], shape[3]}, DType::kF32);
    std::ranges::fill(mask.as<float>(), 1.0F);
    for (std::int64_t y = 0; y < shape[2]; ++y) {
      for (std::int64_t x = shape[3] * 2 / 3; x < shape[3]; ++x) {
        mask.as<float>()[static_cast<std::size_t>((shape[2] + y) * shape[3] + x)] = 0.0F;
        for (std::int64_t channel = 3; channel < 6; ++channel) {
          input.as<std::uint8_t>()[static_cast<std::size_t>((channel * shape[2] + y) * shape[3] +
                                                            x)] = fill;
        }
      }
    }
  }
};

TEST_CASE("an integer DETR takes padded batches, and padding changes no bit of its neighbours") {
  const TempFolder temp;
  const Model model = converted(temp);
  const fs::path file = quantized(model, model.graph(), 8, temp);
  const Model fast = Model::load(file, {.session = {.threads = 2}, .lower = {}});
  const PaddedBatch batch(fast, 0);
  const Tensor padded = fast.run_padded(batch.input, batch.mask)[0];
  const auto found = padded.as<float>();
  const auto half = found.size() / 2;
  const Tensor alone = fast.run(fast.prepare({{speckled(64, 48)}}))[0];
  CHECK(std::ranges::equal(found.first(half), alone.as<float>()));
  CHECK_FALSE(std::ranges::equal(found.last(half), alone.as<float>()));
}

TEST_CASE("what an image is padded with does not count") {
  const TempFolder temp;
  const Model model = converted(temp);
  const fs::path file = quantized(model, model.graph(), 8, temp);
  const Model fast = Model::load(file, {.session = {.threads = 1}, .lower = {}});
  const PaddedBatch black(fast, 0);
  const PaddedBatch white(fast, 255);
  const Tensor one = fast.run_padded(black.input, black.mask)[0];
  const Tensor other = fast.run_padded(white.input, white.mask)[0];
  CHECK(std::ranges::equal(one.as<float>(), other.as<float>()));
}

TEST_CASE("keys that are padding leave an attention as if they were not there") {
  constexpr std::int64_t kTokens = 21;
  constexpr std::int64_t kValid = 13;
  Tensor tokens({1, 2, kTokens, 8}, DType::kF32);
  for (std::size_t i = 0; i < tokens.as<float>().size(); ++i)
    tokens.as<float>()[i] = 3.0F * std::sin(static_cast<float>(i * i));
  Tensor padding({1, 1, 1, kTokens}, DType::kF32);
  std::ranges::fill(padding.as<float>().subspan(kValid), std::numeric_limits<float>::lowest());
  const auto run = [&](bool hide) {
    Graph graph;
    const Value x = input(graph, "x", tokens.shape());
    const Value memory = hide ? x : slice(x, 2, 0, kValid);
    const Value scores = matmul_transposed(Scope(graph) / "qk", x, memory, 0.5F);
    const Value hidden = hide ? scores + constant(graph, "padding", padding) : scores;
    const Value y = matmul(Scope(graph) / "av", softmax(hidden), memory);
    graph.set_outputs({{"y", y.id}});
    Scheme scheme;
    QParams values;
    values.range = Range::kPerChannel;
    scheme.set({scores.id, 0}, {});
    scheme.set({scores.id, 1}, {});
    scheme.set({y.id, 0}, {});
    scheme.set({y.id, 1}, values);
    const auto plan = std::make_shared<const Plan>(lower(graph, {}, scheme, {}));
    Session session(plan, {.threads = 1});
    const auto found = session.run(tokens)[0].as<float>();
    return std::vector<float>(found.begin(), found.end());
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("values of an attention may be narrower or wider than its keys") {
  constexpr std::int64_t kHalf = 8;
  Tensor tokens({1, 2, 21, 2 * kHalf}, DType::kF32);
  for (std::size_t i = 0; i < tokens.as<float>().size(); ++i)
    tokens.as<float>()[i] = 3.0F * std::sin(static_cast<float>(i * i));
  // The columns [begin, end) of what the values [first, last) become under keys of this width.
  struct Widths {
    std::int64_t keys, first, last, begin, end;
  };
  const auto run = [&](const Widths& w, Backend backend) {
    Graph graph;
    const Value x = input(graph, "x", tokens.shape());
    const Value k = slice(x, 3, 0, w.keys);
    const Value scores = matmul_transposed(Scope(graph) / "qk", k, k, 0.5F);
    const Value y = matmul(Scope(graph) / "av", softmax(scores), slice(x, 3, w.first, w.last));
    graph.set_outputs({{"y", slice(y, 3, w.begin, w.end).id}});
    Scheme scheme;
    QParams values;
    values.range = Range::kPerChannel;
    scheme.set({scores.id, 0}, {});
    scheme.set({scores.id, 1}, {});
    scheme.set({y.id, 0}, {});
    scheme.set({y.id, 1}, values);
    const auto plan = std::make_shared<const Plan>(lower(graph, {}, scheme, {}));
    Session session(plan, {.threads = 2, .backend = backend});
    const auto found = session.run(tokens)[0].as<float>();
    return std::vector<float>(found.begin(), found.end());
  };
  for (const Backend backend : {Backend::kFast, Backend::kReference}) {
    const auto narrow = run({2 * kHalf, 0, kHalf, 0, kHalf}, backend);
    CHECK(narrow == run({2 * kHalf, 0, 2 * kHalf, 0, kHalf}, Backend::kFast));
    const auto left = run({kHalf, 0, 2 * kHalf, 0, kHalf}, backend);
    const auto right = run({kHalf, 0, 2 * kHalf, kHalf, 2 * kHalf}, backend);
    CHECK(left == run({kHalf, 0, kHalf, 0, kHalf}, Backend::kFast));
    CHECK(right == run({kHalf, kHalf, 2 * kHalf, 0, kHalf}, Backend::kFast));
    CHECK(left != right);
  }
}
