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
    const auto batch = fast.run(fast.prepare(images))[0].as<float>();
    CHECK(std::ranges::equal(found, batch.first(found.size())));
  }
}

// Two pictures, of which the second ends after two thirds of the columns.
struct PaddedBatch {
  Tensor input, mask, whole;

  explicit PaddedBatch(const Model& model) {
    const Image images[] = {speckled(64, 48), speckled(64, 48)};
    input = model.prepare(images);
    const Shape& shape = input.shape();
    mask = Tensor({2, shape[2], shape[3]}, DType::kF32);
    whole = Tensor(mask.shape(), DType::kF32);
    std::ranges::fill(whole.as<float>(), 1.0F);
    std::ranges::fill(mask.as<float>(), 1.0F);
    for (std::int64_t y = 0; y < shape[2]; ++y) {
      for (std::int64_t x = end(); x < shape[3]; ++x) {
        mask.as<float>()[static_cast<std::size_t>((shape[2] + y) * shape[3] + x)] = 0.0F;
        for (std::int64_t channel = 0; channel < 3; ++channel) at(1, channel, y, x) = 0.0F;
      }
    }
  }
  std::int64_t end() const { return input.shape()[3] * 2 / 3; }
  float& at(std::int64_t picture, std::int64_t channel, std::int64_t y, std::int64_t x) {
    const Shape& shape = input.shape();
    return input.as<float>()[static_cast<std::size_t>(
        ((picture * 3 + channel) * shape[2] + y) * shape[3] + x)];
  }
};

TEST_CASE("an integer DETR takes padded batches, and padding changes no bit of its neighbours") {
  const TempFolder temp;
  Model model = converted(temp);
  PaddedBatch batch(model);
  const fs::path file = quantized(model, model.graph(), 8, temp);
  Model fast = Model::load(file, {.session = {.threads = 2}, .lower = {}});
  const Tensor padded = fast.run_padded(batch.input, batch.mask)[0].clone();
  const auto found = padded.as<float>();
  const auto half = found.size() / 2;
  const std::span<const Tensor> alone = fast.run(fast.prepare({{speckled(64, 48)}}));
  CHECK(std::ranges::equal(found.first(half), alone[0].as<float>()));
  CHECK_FALSE(std::ranges::equal(found.last(half), alone[0].as<float>()));
}

TEST_CASE("an integer DETR refuses what is no pixel, but not where a picture is padded") {
  const TempFolder temp;
  Model model = converted(temp);
  PaddedBatch batch(model);
  const fs::path file = quantized(model, model.graph(), 8, temp);
  Model fast = Model::load(file, {.session = {.threads = 1}, .lower = {}});
  batch.at(1, 2, 3, batch.end()) = 7.125F;
  CHECK_NOTHROW(fast.run_padded(batch.input, batch.mask));
  CHECK_THROWS_AS(fast.run_padded(batch.input, batch.whole), ShapeError);
  batch.at(0, 2, 3, batch.end()) = 7.125F;
  CHECK_THROWS_AS(fast.run_padded(batch.input, batch.mask), ShapeError);
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
    values.range = Range::kPerColumn;
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

TEST_CASE("an integer convolution with padding, stride and dilation is its sum over the codes") {
  constexpr std::int64_t kSide = 9;
  constexpr std::int64_t kChannels = 3;
  op::Conv2d conv = {.stride = 2, .pad = 2, .dilation = 2};
  SUBCASE("all three") {}
  SUBCASE("padding") {
    conv = {.stride = 1, .pad = 1, .dilation = 1};
  }
  SUBCASE("none of them") {
    conv = {.stride = 1, .pad = 0, .dilation = 1};
  }
  Graph graph;
  const Value x = input(graph, "x", {1, kChannels, kSide, kSide});
  const Value y = conv2d(Scope(graph) / "conv", x,
                         {.channels = 2,
                          .kernel = 3,
                          .stride = conv.stride,
                          .pad = conv.pad,
                          .dilation = conv.dilation});
  graph.set_outputs({{"y", y.id}});
  Tensor codes({2, kChannels, 3, 3}, DType::kS8);
  for (std::size_t i = 0; i < codes.as<std::int8_t>().size(); ++i)
    codes.as<std::int8_t>()[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 127) - 63);
  Weights weights;
  weights.tensors["conv.weight"] = codes;
  weights.tensors["conv.bias"] = Tensor({2}, DType::kF32);
  Scheme scheme;
  QParams act;
  act.fold = {1.0F, 0.5F, 4.0F};  // powers of two: unfolding is exact
  scheme.set({y.id, 0}, act);
  QParams weight;
  weight.bits = 7;
  weight.range = Range::kFrozen;
  weight.scale = {0.5F};
  scheme.set({y.id, 1}, weight);
  Tensor picture({1, kChannels, kSide, kSide}, DType::kF32);
  for (std::size_t i = 0; i < picture.as<float>().size(); ++i)
    picture.as<float>()[i] = std::sin(static_cast<float>(i));
  const auto plan = std::make_shared<const Plan>(lower(graph, weights, scheme, {}));
  Session session(plan, {.threads = 1});
  const auto found = session.run(picture)[0].as<float>();

  const auto pixel = [&](std::int64_t c, std::int64_t row, std::int64_t column) {
    const bool inside = row >= 0 && row < kSide && column >= 0 && column < kSide;
    const std::int64_t index = (c * kSide + row) * kSide + column;
    return inside ? picture.as<float>()[static_cast<std::size_t>(index)] : 0.0F;
  };
  const std::int64_t out = y.shape()[2];
  REQUIRE(out == (kSide + 2 * conv.pad - 2 * conv.dilation - 1) / conv.stride + 1);
  for (std::int64_t place = 0; place < out * out; ++place) {
    std::vector<float> patch;
    for (std::int64_t i = 0; i < kChannels * 9; ++i) {
      const std::int64_t row = place / out * conv.stride - conv.pad + i / 3 % 3 * conv.dilation;
      const std::int64_t column = place % out * conv.stride - conv.pad + i % 3 * conv.dilation;
      patch.push_back(pixel(i / 9, row, column) / act.fold[static_cast<std::size_t>(i / 9)]);
    }
    const auto [least, most] = std::minmax_element(patch.begin(), patch.end());
    const float s = row_scale(*least, *most, 8);
    for (std::int64_t o = 0; o < 2; ++o) {
      std::int64_t sum = 0;
      std::int64_t total = 0;
      for (std::size_t i = 0; i < patch.size(); ++i) {
        const std::int64_t w = codes.as<std::int8_t>()[static_cast<std::size_t>(o) * 27 + i];
        sum += w * std::int64_t{code_of(patch[i], *least, 1.0F / s, 8)};
        total += w;
      }
      const float expected =
          static_cast<float>(sum) * (s * 0.5F) + *least * (0.5F * static_cast<float>(total));
      CHECK(found[static_cast<std::size_t>(o * out * out + place)] == expected + 0.0F);
    }
  }
}

TEST_CASE("a layer that stores values beside codes gives both, the same bits as apart") {
  constexpr std::int64_t kRows = 5;
  constexpr std::int64_t kColumns = 24;
  Tensor values({kRows, kColumns}, DType::kF32);
  for (std::size_t i = 0; i < values.as<float>().size(); ++i)
    values.as<float>()[i] = std::sin(static_cast<float>(i));
  struct Answers {
    int both = 0;  // steps that store values and codes
    std::vector<float> a, b;
  };
  // Of relu(layer a) and of layer b on that, each if asked for.
  const auto run = [&](bool with_a, bool with_b) {
    Graph graph;
    Weights weights;
    Scheme scheme;
    const auto layer = [&](const char* name, Value x) {
      const Value y = linear(Scope(graph) / name, x, kColumns, Bias::kNo);
      Tensor codes({kColumns, kColumns}, DType::kS8);
      for (std::size_t i = 0; i < codes.as<std::int8_t>().size(); ++i)
        codes.as<std::int8_t>()[i] = static_cast<std::int8_t>(static_cast<int>(i * 29 % 127) - 63);
      weights.tensors[std::string(name) + ".weight"] = codes;
      QParams act;
      act.fold.assign(kColumns, 3.0F);
      scheme.set({y.id, 0}, act);
      QParams weight;
      weight.bits = 7;
      weight.range = Range::kFrozen;
      weight.scale = {0.25F};
      scheme.set({y.id, 1}, weight);
      return y;
    };
    const Value x = input(graph, "x", {kRows, kColumns});
    const Value a = activate(layer("a", x), Act::kRelu);
    std::vector<GraphOutput> outputs;
    if (with_a) outputs.push_back({"a", a.id});
    if (with_b) outputs.push_back({"b", layer("b", a).id});
    graph.set_outputs(outputs);
    const auto plan = std::make_shared<const Plan>(lower(graph, weights, scheme, {}));
    Session session(plan, {.threads = 1});
    const auto found = session.run(values);
    Answers answers;
    for (const Step& step : plan->steps) answers.both += step.epilogue.codes.has_value() ? 1 : 0;
    if (with_a) answers.a.assign(found[0].as<float>().begin(), found[0].as<float>().end());
    const auto last = found[found.size() - 1].as<float>();
    if (with_b) answers.b.assign(last.begin(), last.end());
    return answers;
  };
  const Answers both = run(true, true);
  CHECK(both.both == 1);
  const Answers codes_only = run(false, true);
  CHECK(codes_only.both == 0);
  CHECK(both.b == codes_only.b);
  CHECK(both.a == run(true, false).a);
}
