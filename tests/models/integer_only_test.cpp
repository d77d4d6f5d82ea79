// SPDX-License-Identifier: Apache-2.0
// Whole networks on integers only: the same bits everywhere, close to the float network, and no
// step on floats before the answers.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "support/integer_only_models.h"
#include "support/integer_vit_oracle.h"
#include "vitq/error.h"
#include "vitq/plan.h"
#include "vitq/session.h"

using namespace vitq;
using namespace vitq::test;

namespace {

constexpr const char* kNetworks[] = {"timm_vit",      "timm_deit_distilled", "hf_vit_no_qkv_bias",
                                     "timm_vit_relu", "timm_average",        "hf_dinov2_swiglu",
                                     "hf_detr",       "hf_detr_dc5"};

std::vector<float> answers(const Model& model, const Tensor& input) {
  std::vector<float> all;
  for (const Tensor& out : model.run(input)) {
    all.insert(all.end(), out.as<float>().begin(), out.as<float>().end());
  }
  return all;
}

}  // namespace

TEST_CASE("an integer-only network gives the same bits for any threads, batch and backend") {
  for (const std::string name : kNetworks) {
    for (const int bits : {8, 6}) {
      const IntegerOnlyModel made(name, bits);
      const Model model = made.open();
      const Tensor one = made.noise(model, 1);
      const std::vector<float> expected = answers(model, one);
      CAPTURE(name);
      CAPTURE(bits);
      CHECK(answers(made.open(3), one) == expected);
      CHECK(answers(made.open(2, Backend::kReference), one) == expected);
      const Tensor many = made.noise(model, 3);
      const std::vector<Tensor> batch = model.run(many);
      const auto first = batch[0].as<float>().first(batch[0].as<float>().size() / 3);
      CHECK(std::equal(first.begin(), first.end(), expected.begin()));
    }
  }
}

TEST_CASE("nothing of an integer-only network is a step on floats but the conversion at the end") {
  for (const std::string name : kNetworks) {
    const IntegerOnlyModel made(name, 8);
    const Model model = made.open();
    const Session session = model.session(made.noise(model, 1).shape());
    for (const Step& step : session.plan().steps) {
      const bool last = std::holds_alternative<step::ToFloat>(step.op);
      bool floats = false;
      for_each_view(step, [&](const View& view) { floats |= view.dtype == DType::kF32; });
      CAPTURE(name);
      CAPTURE(step.name);
      CHECK(floats == last);
    }
  }
}

TEST_CASE("an integer-only network is as near to the float network as an integer one") {
  for (const std::string name : kNetworks) {
    const IntegerOnlyModel made(name, 8);
    const Model model = made.open();
    const Tensor input = made.noise(model, 2);
    const Model plain = Model::load(made.plain);
    const std::vector<float> expected = answers(plain, made.normalized(plain, 2));
    const double integer = snr_db(expected, answers(Model::load(made.file), input));
    const double alone = snr_db(expected, answers(model, input));
    CAPTURE(name);
    CHECK(alone > 20.0);
    CHECK(alone > integer - 2.0);
  }
}

TEST_CASE("padding changes no bit of an integer-only detector's other images, and does not count") {
  const IntegerOnlyModel made("hf_detr", 8);
  const Model model = made.open();
  Tensor input = made.noise(model, 2);
  const Shape& shape = input.shape();
  Tensor mask({2, shape[2], shape[3]}, DType::kF32);
  std::ranges::fill(mask.as<float>(), 1.0F);
  const std::int64_t visible = shape[3] * 2 / 3;
  for (std::int64_t y = 0; y < shape[2]; ++y) {
    const auto row = mask.as<float>().subspan(static_cast<std::size_t>((shape[2] + y) * shape[3]),
                                              static_cast<std::size_t>(shape[3]));
    std::ranges::fill(row.subspan(static_cast<std::size_t>(visible)), 0.0F);
  }
  const Tensor padded = model.run_padded(input, mask)[0].clone();
  const auto half = padded.as<float>().size() / 2;
  const Tensor alone = model.run(made.noise(model, 1))[0].clone();
  CHECK(std::ranges::equal(padded.as<float>().first(half), alone.as<float>()));
  for (std::int64_t i = shape.elements() / 2; i < shape.elements(); ++i) {
    if (i % shape[3] >= visible) input.as<std::uint8_t>()[static_cast<std::size_t>(i)] ^= 0x5AU;
  }
  const Tensor other = model.run_padded(input, mask)[0].clone();
  CHECK(std::ranges::equal(padded.as<float>(), other.as<float>()));
}

TEST_CASE("what cannot be computed on integers only is refused by name") {
  const auto message = [](const auto& make) -> std::string {
    try {
      make();
    } catch (const UnsupportedError& error) {
      return error.what();
    }
    return "";
  };
  const IntegerOnlyModel made("timm_vit", 8);
  const LowerOptions only = {.numerics = Numerics::kIntegerOnly};
  const auto in_float =
      message([&] { Model::load(made.plain, {.session = {}, .lower = only}).session(); });
  CHECK(in_float.find("'image'") != std::string::npos);
  const auto clipped = message([&] {
    QParams activation;
    activation.clip = {0.1F, 0.1F};
    IntegerOnlyModel("timm_vit", 8, activation).open().session();
  });
  CHECK(clipped.find("ranges per token") != std::string::npos);
  const auto wide_weights = message([&] { IntegerOnlyModel("timm_vit", 9).open().session(); });
  CHECK(wide_weights.find("codes of at most 8 bits, not 9") != std::string::npos);
  CHECK(wide_weights.find("operand 1") != std::string::npos);
  const auto wide_activations = message([&] {
    QParams activation;
    activation.output_token_bits = 12;
    IntegerOnlyModel("timm_vit", 8, activation).open().session();
  });
  CHECK(wide_activations.find("codes of at most 8 bits, not 12") != std::string::npos);
}
