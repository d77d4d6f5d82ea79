// SPDX-License-Identifier: Apache-2.0
// Patch embeddings whose input has a range of its own, instead of being the image's bytes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "vitq/layers.h"
#include "vitq/plan.h"
#include "vitq/quant.h"
#include "vitq/session.h"

using namespace vitq;

namespace {

constexpr int kBits = 5;
constexpr float kScale = 0.13F;
constexpr float kLo = -16.0F * kScale;

// 2 x 2 patches of two channels of 4 x 6, five outputs.
struct Patches {
  Graph graph;
  Weights weights;
  Scheme scheme;
  Tensor image{{1, 2, 4, 6}, DType::kF32};

  explicit Patches(Range range) {
    const Value x = input(graph, "image", {1, 2, 4, 6});
    const Value out = conv2d(Scope(graph) / "proj", x, {.channels = 5, .kernel = 2, .stride = 2});
    graph.set_outputs({{"out", out.id}});
    Tensor codes({5, 2, 2, 2}, DType::kS8);
    for (std::size_t i = 0; i < 40; ++i) {
      codes.as<std::int8_t>()[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 127) - 63);
    }
    Tensor bias({5}, DType::kF32);
    for (std::size_t o = 0; o < 5; ++o) bias.as<float>()[o] = static_cast<float>(o) - 2.25F;
    weights.tensors = {{"proj.weight", codes}, {"proj.bias", bias}};
    for (std::size_t i = 0; i < 48; ++i) {
      image.as<float>()[i] = std::sin(static_cast<float>(3 * i)) * 2.4F;
    }
    QParams params = {.bits = kBits,
                      .range = range,
                      .scale = {},
                      .lo = {},
                      .smoothing_scale = {},
                      .channel_offset = {}};
    if (range == Range::kStatic) {
      params.scale = {kScale};
      params.lo = {kLo};
    }
    scheme.set({out.id, 0}, params);
    scheme.set({out.id, 1}, {.bits = 7,
                             .range = Range::kStatic,
                             .scale = {0.01F, 0.02F, 0.03F, 0.04F, 0.05F},
                             .lo = {},
                             .smoothing_scale = {},
                             .channel_offset = {}});
  }

  std::vector<float> run(Numerics numerics) const {
    const auto plan = std::make_shared<const Plan>(
        lower(graph, weights, scheme, {.numerics = numerics, .prune = true, .observe = {}}));
    Session session(plan, {.threads = 1});
    const std::span<const float> out = session.run(image)[0].as<float>();
    return {out.begin(), out.end()};
  }

  // Output [o, y, x] by the definition, in double.
  double wanted(std::size_t o, std::size_t y, std::size_t x, Range range) const {
    std::vector<double> patch;
    for (std::size_t c = 0; c < 2; ++c) {
      for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t at = c * 24 + (2 * y + i / 2) * 6 + 2 * x + i % 2;
        patch.push_back(static_cast<double>(image.as<float>()[at]));
      }
    }
    double lo = static_cast<double>(kLo);
    double scale = static_cast<double>(kScale);
    if (range == Range::kPerToken) {
      lo = *std::min_element(patch.begin(), patch.end());
      scale = (*std::max_element(patch.begin(), patch.end()) - lo) / 31.0;
    }
    double sum = static_cast<double>(weights.at("proj.bias").as<float>()[o]);
    for (std::size_t k = 0; k < 8; ++k) {
      const double code = std::clamp(std::nearbyint((patch[k] - lo) / scale), 0.0, 31.0);
      const int weight = weights.at("proj.weight").as<std::int8_t>()[8 * o + k];
      sum += 0.01 * static_cast<double>(o + 1) * weight * (lo + scale * code);
    }
    return sum;
  }
};

}  // namespace

TEST_CASE("patches are quantized with a static range, or each with its own") {
  for (const Range range : {Range::kStatic, Range::kPerToken}) {
    const Patches patches(range);
    for (const Numerics numerics : {Numerics::kInteger, Numerics::kSimulated}) {
      const std::vector<float> got = patches.run(numerics);
      REQUIRE(got.size() == 30);
      for (std::size_t i = 0; i < 30; ++i) {
        const double wanted = patches.wanted(i / 6, i % 6 / 3, i % 3, range);
        CHECK(std::fabs(static_cast<double>(got[i]) - wanted) < 2e-5);
      }
    }
  }
}
