// SPDX-License-Identifier: Apache-2.0
// Every variant of the vision transformer is quantized, runs on integers, and answers nearly as
// before.
#include <doctest/doctest.h>

#include <cmath>

#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/model.h"
#include "vitq/model_file.h"
#include "vitq/quantize_model.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

Image rough_image(int seed) {
  Image image = make_image(40, 30);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    const std::size_t wave = i * (static_cast<std::size_t>(seed) * 7 + 3) / 16;
    image.rgb[i] = static_cast<std::uint8_t>(wave ^ (i * i >> 7U));
  }
  return image;
}

std::vector<Image> images(int count, int first) {
  std::vector<Image> all;
  for (int i = 0; i < count; ++i) all.push_back(rough_image(first + i));
  return all;
}

// Of all outputs, in dB.
double signal_to_noise(const std::vector<Tensor>& found, const std::vector<Tensor>& wanted) {
  double signal = 0.0;
  double noise = 0.0;
  for (std::size_t o = 0; o < wanted.size(); ++o) {
    const std::span<const float> x = wanted[o].as<float>();
    const std::span<const float> y = found[o].as<float>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
      signal += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      noise += difference * difference;
    }
  }
  return 10.0 * std::log10(signal / noise);
}

std::vector<Tensor> answers(const fs::path& file, int threads, std::span<const Image> shown) {
  const Model model = Model::load(file, {.session = {.threads = threads}, .lower = {}});
  return model.run(model.prepare(shown));
}

}  // namespace

TEST_CASE("each variant is quantized, and integers answer alike for any number of threads") {
  const std::vector<Image> shown = images(3, 100);
  for (const char* name :
       {"timm_features",       "timm_deit_features", "timm_deit3",          "timm_dinov2_registers",
        "timm_dinov2_swiglu",  "timm_average",       "timm_no_class_token", "timm_registers",
        "timm_clip",           "timm_siglip",        "timm_qk_norm",        "timm_no_norm",
        "hf_vit_features",     "hf_ijepa",           "hf_dinov2",           "hf_dinov2_classes",
        "hf_dinov2_registers", "hf_clip_vision",     "hf_clip_classes",     "hf_siglip_vision",
        "hf_siglip_classes"}) {
    CAPTURE(name);
    const TempFolder temp;
    const fs::path whole = temp.path() / "float.safetensors";
    const fs::path codes = temp.path() / "codes.safetensors";
    const Converted made = convert(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name, {});
    write_model(whole, made.info, made.weights, Overwrite::kNo);
    const QuantizedModel quantized = quantize_model(whole, images(6, 0), {.threads = 1});
    write_model(codes, quantized.info, quantized.weights, Overwrite::kNo);
    const std::vector<Tensor> alone = answers(codes, 1, shown);
    const std::vector<Tensor> shared = answers(codes, 3, shown);
    for (std::size_t o = 0; o < alone.size(); ++o)
      CHECK(std::ranges::equal(alone[o].as<float>(), shared[o].as<float>()));
    const double decibels = signal_to_noise(alone, answers(whole, 1, shown));
    CHECK(decibels > 22.0);
  }
}
