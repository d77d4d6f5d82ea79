// SPDX-License-Identifier: Apache-2.0
// Whole networks on codes: the same bits everywhere, no float product in sight, and what the
// formulas of docs/numerics.md say (tests/support/integer_vit_oracle.h).
#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "support/integer_vit_oracle.h"
#include "support/naive_scheme.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/family.h"
#include "vitq/model.h"

using namespace vitq;
using namespace vitq::test;
namespace fs = std::filesystem;

namespace {

// A golden network, quantized and written to a file.
struct Quantized {
  TempFolder temp;
  fs::path file;
  Converted source;
  Weights weights;

  Quantized(const std::string& name, int bits, const QParams& activation = {})
      : file(temp.path() / "int8.safetensors"),
        source(convert(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name, {})) {
    const fs::path plain = temp.path() / "float.safetensors";
    write_safetensors(plain, source.weights, Overwrite::kNo);
    Model model = Model::load(plain);
    weights = naive_quantized(source.weights, model.graph(), source.info, bits, activation);
    write_safetensors(file, weights, Overwrite::kNo);
  }

  Model open(int threads = 1, Backend backend = Backend::kFast) const {
    return Model::load(file, {.session = {.threads = threads, .backend = backend}, .lower = {}});
  }
};

// Images of noise and gradients, of the network's size.
std::vector<Image> images(std::int64_t n, const Shape& shape) {
  std::vector<Image> images;
  for (std::int64_t i = 0; i < n; ++i) {
    Image image = make_image(static_cast<int>(shape[2]), static_cast<int>(shape[1]));
    for (std::size_t p = 0; p < image.rgb.size(); ++p) {
      image.rgb[p] =
          static_cast<std::uint8_t>((p * p * 7 + p * 13 + static_cast<std::size_t>(i) * 41) % 256);
    }
    images.push_back(std::move(image));
  }
  return images;
}

std::vector<float> logits(const Model& model, std::span<const Image> images, std::size_t batch) {
  std::vector<float> all;
  for (std::size_t i = 0; i < images.size(); i += batch) {
    const Tensor out = model.run(model.input_of(images.subspan(i, batch)))[0];
    all.insert(all.end(), out.as<float>().begin(), out.as<float>().end());
  }
  return all;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Some images of the network's size.
std::vector<Image> images_for(const Quantized& model) {
  return images(4, family(model.source.info.family).image_shape(model.source.info.config));
}

// The logits of one thread, which are the same for other threads, batches and backends.
std::vector<float> checked_logits(const Quantized& model, std::span<const Image> input) {
  const std::vector<float> found = logits(model.open(), input, 1);
  CHECK(same_bits(logits(model.open(2), input, 4), found));
  CHECK(same_bits(logits(model.open(3), input, 2), found));
  CHECK(same_bits(logits(model.open(1, Backend::kReference), input, 4), found));
  return found;
}

// The weights of the file with their codes one by one (tests/unit/packing_test.cpp).
Weights with_codes(const Quantized& model, int bits) {
  Weights weights = model.weights;
  for (auto& [name, tensor] : weights.tensors) {
    if (tensor.dtype() != DType::kU8) continue;
    tensor = bit_unpacked(tensor, model.source.weights.at(name).shape(), bits);
  }
  return weights;
}

}  // namespace

TEST_CASE("a quantized network gives the same bits for any threads, batch and backend") {
  for (const std::string name : {"timm_vit", "timm_deit_distilled", "hf_vit_no_qkv_bias"}) {
    for (const int bits : {8, 7, 4}) {
      const Quantized model(name, bits);
      CAPTURE(name);
      CAPTURE(bits);
      checked_logits(model, images_for(model));
    }
  }
}

TEST_CASE("codes of more than 8 bits give the same bits, too, and come nearer to float") {
  for (const std::string name : {"timm_vit", "timm_deit_distilled"}) {
    double last = 20.0;
    for (const auto& [bits, activations] : {std::pair(8, 8), {10, 10}, {12, 12}, {16, 16}}) {
      QParams activation;
      activation.bits = activations;
      activation.output_token_bits = activations > 8 ? 16 : 8;
      const Quantized model(name, bits, activation);
      const std::vector<Image> input = images_for(model);
      CAPTURE(name);
      CAPTURE(bits);
      const std::vector<float> found = checked_logits(model, input);
      const std::vector<float> plain =
          logits(Model::load(model.temp.path() / "float.safetensors"), input, 4);
      const double snr = snr_db(plain, found);
      CHECK(snr > last + 6.0);
      last = snr;
    }
  }
}

TEST_CASE("no product of a fully quantized network is computed in float") {
  const Quantized model("timm_vit", 8);
  Model opened = model.open();
  for (const StepProfile& step : opened.session().profile()) {
    CAPTURE(step.name);
    CAPTURE(step.op);
    CHECK_FALSE(step.op.starts_with("Linear"));
    CHECK_FALSE(step.op.starts_with("MatMul"));
    CHECK_FALSE(step.op.starts_with("Conv2d"));
    CHECK_FALSE(step.op.starts_with("Softmax"));
  }
}

TEST_CASE("integer and simulated plans agree, and both follow the float network") {
  const Quantized model("timm_vit", 8);
  const std::vector<Image> input = images(4, {3, 16, 16});
  const std::vector<float> integer = logits(model.open(), input, 4);
  const std::vector<float> simulated =
      logits(Model::load(model.file,
                         {.session = {.threads = 1}, .lower = {.numerics = Numerics::kSimulated}}),
             input, 4);
  const std::vector<float> plain =
      logits(Model::load(model.temp.path() / "float.safetensors"), input, 4);
  CHECK(snr_db(simulated, integer) > 30.0);
  CHECK(snr_db(plain, integer) > 20.0);
}

TEST_CASE("integer and simulated plans agree on codes of more than 8 bits") {
  QParams activation;
  activation.bits = 12;
  const Quantized model("timm_vit", 12, activation);
  const std::vector<Image> input = images(4, {3, 16, 16});
  const std::vector<float> integer = logits(model.open(), input, 4);
  const std::vector<float> simulated =
      logits(Model::load(model.file,
                         {.session = {.threads = 1}, .lower = {.numerics = Numerics::kSimulated}}),
             input, 4);
  CHECK(snr_db(simulated, integer) > 54.0);
}

TEST_CASE(
    "output tokens have activations of their own bits and others are clipped, as the formulas "
    "say") {
  for (const int bits : {4, 6}) {
    QParams activation;
    activation.bits = bits;
    activation.output_token_bits = 8;
    activation.clip = {0.02F, 0.125F};
    const Quantized model("timm_vit", 8, activation);
    const std::vector<Image> input = images(2, {3, 16, 16});
    const std::vector<float> found = logits(model.open(), input, 2);
    VitOracle::Sizes sizes = {.patch = 4, .heads = 3, .depth = 2, .eps = 1e-6};
    sizes.bits = bits;
    const Tensor pixels = normalize(input, model.source.info.preprocess);
    const std::vector<float> expected = VitOracle(model.weights, sizes).logits(pixels);
    sizes.output_token_bits = bits;
    const std::vector<float> without = VitOracle(model.weights, sizes).logits(pixels);
    CAPTURE(bits);
    CHECK(snr_db(expected, found) > 40.0);
    CHECK(snr_db(without, found) < 30.0);
    CHECK(same_bits(logits(model.open(2), input, 1), found));
    CHECK(same_bits(logits(model.open(1, Backend::kReference), input, 2), found));
  }
}

TEST_CASE("a quantized network computes what the formulas say, in 64-bit integers and doubles") {
  for (const int bits : {14, 12, 10, 8, 7, 6}) {
    QParams activation;
    activation.bits = std::max(bits, 8);
    const Quantized model("timm_vit", bits, activation);
    const std::vector<Image> input = images(2, {3, 16, 16});
    const std::vector<float> found = logits(model.open(), input, 2);
    const Weights codes = with_codes(model, bits);
    VitOracle::Sizes sizes = {.patch = 4, .heads = 3, .depth = 2, .eps = 1e-6};
    sizes.bits = sizes.output_token_bits = activation.bits;
    const VitOracle oracle(codes, sizes);
    const std::vector<float> expected =
        oracle.logits(normalize(input, model.source.info.preprocess));
    CAPTURE(bits);
    // Codes that lie on an edge may fall to either side in double: far below the quantization
    // error. With one bit more, twice as many do, each by half as much.
    CHECK(snr_db(expected, found) > 45.0 + 3.0 * std::max(bits - 8, 0));
  }
}
