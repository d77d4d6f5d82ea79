// SPDX-License-Identifier: Apache-2.0
// Integer convolutions patch by patch, and what a layer stores beside its codes, as sums over the
// codes say.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "vitq/error.h"
#include "vitq/layers.h"
#include "vitq/plan.h"
#include "vitq/session.h"

using namespace vitq;

namespace {

// Of a weight.
QParams seven_bits(float scale) {
  QParams params;
  params.bits = 7;
  params.range = Range::kStatic;
  params.scale = {scale};
  return params;
}

// All over the range of 7 bits.
Tensor codes_of(const Shape& shape, std::size_t step) {
  Tensor codes(shape, DType::kS8);
  const std::span<std::int8_t> to = codes.as<std::int8_t>();
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = static_cast<std::int8_t>(static_cast<int>(i * step % 127) - 63);
  return codes;
}

}  // namespace

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
  const Tensor codes = codes_of({2, kChannels, 3, 3}, 37);
  Weights weights;
  weights.tensors["conv.weight"] = codes;
  weights.tensors["conv.bias"] = Tensor({2}, DType::kF32);
  Scheme scheme;
  QParams act;
  act.smoothing_scale = {1.0F, 0.5F, 4.0F};  // powers of two: unfolding is exact
  scheme.set({y.id, 0}, act);
  const QParams weight = seven_bits(0.5F);
  scheme.set({y.id, 1}, weight);
  Tensor image({1, kChannels, kSide, kSide}, DType::kF32);
  for (std::size_t i = 0; i < image.as<float>().size(); ++i)
    image.as<float>()[i] = std::sin(static_cast<float>(i));
  const auto plan = std::make_shared<const Plan>(lower(graph, weights, scheme, {}));
  Session session(plan, {.threads = 1});
  const auto found = session.run(image)[0].as<float>();

  const auto pixel = [&](std::int64_t c, std::int64_t row, std::int64_t column) {
    const bool inside = row >= 0 && row < kSide && column >= 0 && column < kSide;
    const std::int64_t index = (c * kSide + row) * kSide + column;
    return inside ? image.as<float>()[static_cast<std::size_t>(index)] : 0.0F;
  };
  const std::int64_t out = y.shape()[2];
  REQUIRE(out == (kSide + 2 * conv.pad - 2 * conv.dilation - 1) / conv.stride + 1);
  for (std::int64_t place = 0; place < out * out; ++place) {
    std::vector<float> patch;
    for (std::int64_t i = 0; i < kChannels * 9; ++i) {
      const std::int64_t row = place / out * conv.stride - conv.pad + i / 3 % 3 * conv.dilation;
      const std::int64_t column = place % out * conv.stride - conv.pad + i % 3 * conv.dilation;
      patch.push_back(pixel(i / 9, row, column) /
                      act.smoothing_scale[static_cast<std::size_t>(i / 9)]);
    }
    const auto [min, max] = std::minmax_element(patch.begin(), patch.end());
    const float s = row_scale(*min, *max, 8);
    for (std::int64_t o = 0; o < 2; ++o) {
      std::int64_t sum = 0;
      std::int64_t total = 0;
      for (std::size_t i = 0; i < patch.size(); ++i) {
        const std::int64_t w = codes.as<std::int8_t>()[static_cast<std::size_t>(o) * 27 + i];
        sum += w * std::int64_t{code_of(patch[i], *min, 1.0F / s, 8)};
        total += w;
      }
      const float expected =
          static_cast<float>(sum) * (s * 0.5F) + *min * (0.5F * static_cast<float>(total));
      CHECK(found[static_cast<std::size_t>(o * out * out + place)] == expected + 0.0F);
    }
  }
}

namespace {

// A convolution whose codes are the bytes of the image.
struct PixelConv {
  op::Conv2d conv;
  int kernel = 1;
  std::int64_t channels = 3;
  Graph graph;
  Weights weights;
  Scheme scheme;
  Value image, out;
  QParams pixels;

  static constexpr std::int64_t kHeight = 9;
  static constexpr std::int64_t kWidth = 14;
  static constexpr double kScale = 0.5;

  PixelConv(const op::Conv2d& made, int side, std::int64_t depth)
      : conv(made), kernel(side), channels(depth) {
    image = input(graph, "image", {2, channels, kHeight, kWidth});
    pixels.range = Range::kStatic;
    pixels.scale = {1.0F};
    pixels.lo = {0.0F};
    pixels.smoothing_scale = {0.017F, 0.018F, 0.0175F};
    pixels.channel_offset = {-2.1F, -2.0F, -1.8F};
    pixels.smoothing_scale.resize(at(channels));
    pixels.channel_offset.resize(at(channels));
    out = layer("conv", pixels);
    graph.set_outputs({{"y", out.id}});
  }

  Value layer(const char* name, const QParams& act) {
    const Value y = conv2d(Scope(graph) / name, image,
                           {.channels = 5,
                            .kernel = kernel,
                            .stride = conv.stride,
                            .pad = conv.pad,
                            .dilation = conv.dilation});
    const Tensor codes = codes_of({5, channels, kernel, kernel}, 37);
    weights.tensors[std::string(name) + ".weight"] = codes;
    weights.tensors[std::string(name) + ".bias"] = Tensor({5}, DType::kF32);
    scheme.set({y.id, 0}, act);
    const QParams weight = seven_bits(static_cast<float>(kScale));
    scheme.set({y.id, 1}, weight);
    return y;
  }

  // What is added to a byte of this channel, in units of a byte.
  double offset(std::int64_t c) const {
    return static_cast<double>(pixels.channel_offset[at(c)]) /
           static_cast<double>(pixels.smoothing_scale[at(c)]);
  }
  // The byte of the image, or outside of it the byte nearest to 0.
  double byte(const Tensor& bytes, std::int64_t n, std::int64_t c, std::int64_t y,
              std::int64_t x) const {
    const bool inside = y >= 0 && y < kHeight && x >= 0 && x < kWidth;
    if (!inside) return std::nearbyint(-offset(c));
    return bytes.as<std::uint8_t>()[at(((n * channels + c) * kHeight + y) * kWidth + x)];
  }

  // Output [n, o, y, x], and what is added up without signs: bytes and offsets are summed apart.
  std::pair<double, double> wanted(const Tensor& bytes, std::int64_t n, std::int64_t o,
                                   std::int64_t y, std::int64_t x) const {
    const std::span<const std::int8_t> codes = weights.at("conv.weight").as<std::int8_t>();
    double sum = 0.0;
    double size = 0.0;
    for (std::int64_t i = 0; i < channels * kernel * kernel; ++i) {
      const std::int64_t row = y * conv.stride - conv.pad + i / kernel % kernel * conv.dilation;
      const std::int64_t column = x * conv.stride - conv.pad + i % kernel * conv.dilation;
      const std::int64_t channel = i / (kernel * kernel);
      const double weight = kScale * codes[at(o * channels * kernel * kernel + i)];
      const double pixel = byte(bytes, n, channel, row, column);
      sum += weight * (pixel + offset(channel));
      size += std::abs(weight) * (pixel + std::abs(offset(channel)));
    }
    return {sum, size};
  }
};

}  // namespace

TEST_CASE("codes of pixels are bytes of the image, and its frame is the byte nearest 0") {
  op::Conv2d conv = {.stride = 2, .pad = 2, .dilation = 1};
  int kernel = 5;
  std::int64_t channels = 3;
  SUBCASE("overlapping patches in a frame") {}
  SUBCASE("overlapping patches without one") {
    conv = {.stride = 1, .pad = 0, .dilation = 2};
    kernel = 3;
  }
  SUBCASE("patches apart") {
    conv = {.stride = 4, .pad = 0, .dilation = 1};
    kernel = 4;
  }
  SUBCASE("single pixels") {
    conv.pad = 0;
    kernel = 1;
  }
  SUBCASE("single pixels of one channel") {
    conv.pad = 0;
    kernel = 1;
    channels = 1;
  }
  const PixelConv net(conv, kernel, channels);
  Tensor bytes(net.image.shape(), DType::kU8);
  for (std::size_t i = 0; i < bytes.as<std::uint8_t>().size(); ++i)
    bytes.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 73 % 256);
  const Shape& dims = net.out.shape();
  for (const Numerics numerics : {Numerics::kInteger, Numerics::kSimulated}) {
    const auto plan = std::make_shared<const Plan>(
        lower(net.graph, net.weights, net.scheme, {.numerics = numerics}));
    CHECK(plan->inputs[0].dtype == DType::kU8);
    Session session(plan, {.threads = 2});
    const std::span<const float> found = session.run(bytes)[0].as<float>();
    REQUIRE(static_cast<std::int64_t>(found.size()) == dims.elements());
    for (std::int64_t i = 0; i < dims.elements(); ++i) {
      const std::int64_t place = i % (dims[2] * dims[3]);
      const std::int64_t channel = i / (dims[2] * dims[3]);
      const auto [wanted, size] =
          net.wanted(bytes, channel / dims[1], channel % dims[1], place / dims[3], place % dims[3]);
      CHECK(std::abs(static_cast<double>(found[at(i)]) - wanted) <= 2e-6 * size);
    }
  }
}

TEST_CASE("an image whose bytes are codes has no other reader") {
  const auto lowered = [](PixelConv& net, const Value& other) {
    net.graph.set_outputs({{"y", net.out.id}, {"other", other.id}});
    return lower(net.graph, net.weights, net.scheme, {});
  };
  const op::Conv2d conv = {.stride = 2, .pad = 1, .dilation = 1};
  PixelConv same(conv, 3, 3);
  CHECK(lowered(same, same.layer("second", same.pixels)).inputs[0].dtype == DType::kU8);
  PixelConv shifted(conv, 3, 3);
  QParams pixels = shifted.pixels;
  pixels.channel_offset[1] += 0.5F;
  CHECK_THROWS_AS(lowered(shifted, shifted.layer("second", pixels)), UnsupportedError);
  PixelConv values(conv, 3, 3);
  CHECK_THROWS_AS(lowered(values, activate(values.image, Act::kRelu)), UnsupportedError);
  PixelConv given(conv, 3, 3);
  CHECK_THROWS_AS(lowered(given, given.image), UnsupportedError);
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
      const Tensor codes = codes_of({kColumns, kColumns}, 29);
      weights.tensors[std::string(name) + ".weight"] = codes;
      QParams act;
      act.smoothing_scale.assign(kColumns, 3.0F);
      scheme.set({y.id, 0}, act);
      const QParams weight = seven_bits(0.25F);
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
