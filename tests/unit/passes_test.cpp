// SPDX-License-Identifier: Apache-2.0
// These tests show what neighbouring steps of a plan share. A layer writes into the frame of the
// next convolution, and adds to a residual in place where nobody reads that again.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "vitq/layers.h"
#include "vitq/plan.h"
#include "vitq/session.h"

using namespace vitq;

namespace {

// A residual block of a ResNet and a second, shorter one, on codes.
struct Blocks {
  Graph graph;
  Weights weights;
  Scheme scheme;
  Tensor image{{1, 4, 6, 5}, DType::kF32};
  Value middle, end;

  Blocks() {
    const Value x = input(graph, "image", {1, 4, 6, 5});
    const Value narrow = activate(layer("narrow", x, {.channels = 4}), Act::kRelu);
    const Value wide = layer("wide", narrow, {.channels = 8, .kernel = 3, .pad = 1});
    middle = activate(wide + layer("beside", x, {.channels = 8}), Act::kRelu);
    end = layer("last", middle, {.channels = 8}) + middle;
    for (std::size_t i = 0; i < image.as<float>().size(); ++i) {
      image.as<float>()[i] = static_cast<float>(i * 29 % 23) - 11.5F;
    }
  }

  Value layer(const char* name, Value x, const Conv& conv) {
    const std::int64_t channels = graph[x.id].shape[1];
    const Value out = conv2d(Scope(graph) / name, x, conv);
    Tensor codes({conv.channels, channels, conv.kernel, conv.kernel}, DType::kS8);
    for (std::size_t i = 0; i < codes.as<std::int8_t>().size(); ++i) {
      codes.as<std::int8_t>()[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 127) - 63);
    }
    weights.tensors[std::string(name) + ".weight"] = codes;
    Tensor bias({conv.channels}, DType::kF32);
    std::fill(bias.as<float>().begin(), bias.as<float>().end(), 0.25F);
    weights.tensors[std::string(name) + ".bias"] = bias;
    scheme.set({out.id, 0}, {});
    QParams weight;
    weight.range = Range::kStatic;
    weight.scale.assign(static_cast<std::size_t>(conv.channels), 0.01F);
    scheme.set({out.id, 1}, weight);
    return out;
  }

  std::shared_ptr<const Plan> plan(std::vector<GraphOutput> outputs) {
    graph.set_outputs(std::move(outputs));
    return std::make_shared<const Plan>(lower(graph, weights, scheme, {}));
  }
  std::vector<float> first_output(std::shared_ptr<const Plan> plan, Backend backend) const {
    Session session(std::move(plan), {.threads = 1, .backend = backend});
    const std::span<const float> out = session.run(image)[0].as<float>();
    return {out.begin(), out.end()};
  }
};

const Step& layer(const Plan& plan, std::string_view name) {
  const auto found = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
    return step.name == name && std::holds_alternative<step::IntegerLinear>(step.op);
  });
  REQUIRE(found != plan.steps.end());
  return *found;
}

bool adds_in_place(const Plan& plan) {
  const Step& last = layer(plan, "last");
  REQUIRE(last.epilogue.residual.has_value());
  return last.out.buffer == last.epilogue.residual->buffer;
}

}  // namespace

TEST_CASE("a layer writes into the frame of zeros of the next convolution") {
  Blocks blocks;
  const auto plan = blocks.plan({{"end", blocks.end.id}});
  const auto& wide = std::get<step::IntegerLinear>(layer(*plan, "wide").op);
  REQUIRE(wide.im2col.has_value());
  CHECK(layer(*plan, "narrow").out.buffer == wide.im2col->image.buffer);
  const auto copies = std::ranges::count_if(plan->steps, [](const Step& step) {
    return step.name == "wide" && std::holds_alternative<step::Copy>(step.op);
  });
  CHECK(copies == 4);  // the sides of the frame
}

TEST_CASE("a residual is added to in place, unless somebody reads it again") {
  Blocks blocks;
  const auto plan = blocks.plan({{"end", blocks.end.id}});
  CHECK(adds_in_place(*plan));
  const auto read_again = blocks.plan({{"end", blocks.end.id}, {"middle", blocks.middle.id}});
  CHECK_FALSE(adds_in_place(*read_again));

  const std::vector<float> expected = blocks.first_output(read_again, Backend::kReference);
  CHECK(blocks.first_output(plan, Backend::kReference) == expected);
  CHECK(blocks.first_output(plan, Backend::kFast) == expected);
  CHECK(blocks.first_output(read_again, Backend::kFast) == expected);
}
