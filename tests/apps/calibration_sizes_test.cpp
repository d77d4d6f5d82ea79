// SPDX-License-Identifier: Apache-2.0
// Detectors are calibrated on each image at the size that vit_infer gives it.
#include <algorithm>
#include <cstring>

#include "run.h"
#include "vitq/model.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// Upright, oblong, large, and so long that the longest side counts; two of one size.
constexpr std::array<std::array<int, 2>, 5> kSizes = {
    {{64, 48}, {45, 90}, {300, 240}, {200, 50}, {64, 48}}};

Image coloured(int width, int height, int seed) {
  Image image = make_image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<std::uint8_t>(x * 600 / width * (seed + 1));
      pixel[1] = static_cast<std::uint8_t>(y * 400 / height + 40 * seed);
      pixel[2] = static_cast<std::uint8_t>((x * y * (seed + 2)) >> 4);
    }
  }
  return image;
}

// The images, each after `prepare`.
template <typename Prepare>
std::string images(const TempFolder& temp, const std::string& folder, const Prepare& prepare) {
  fs::create_directories(temp.path() / folder);
  for (std::size_t i = 0; i < kSizes.size(); ++i) {
    const Image image = coloured(kSizes[i][0], kSizes[i][1], static_cast<int>(i));
    write_png(temp.path() / folder / (std::to_string(i) + ".png"), prepare(image), Overwrite::kNo);
  }
  return (temp.path() / folder).string();
}

std::map<std::string, Tensor> quantized(const std::string& model, const std::string& calibration,
                                        const std::string& recipe) {
  const TempFolder temp;
  const std::string out = (temp.path() / "int8.safetensors").string();
  const Result result =
      run("vit_quantize", {model, "--calib", calibration, "-o", out, "--recipe", recipe});
  REQUIRE(result.code == 0);
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, tensor] : read_safetensors(out).tensors) tensors[name] = tensor.clone();
  return tensors;
}

bool same(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.bytes() == y.second.bytes() &&
           std::memcmp(x.second.data(), y.second.data(), x.second.bytes()) == 0;
  });
}

}  // namespace

TEST_CASE("a detector is calibrated on each image as vit_infer prepares it, none is stretched") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const Preprocess steps = Model::load(model).info().preprocess;
  Preprocess stretching = steps;
  stretching.resize = Preprocess::Resize::kExact;
  stretching.width = stretching.height * 4 / 3;
  const auto as_it_is = [](const Image& image) { return image; };
  const auto as_in_inference = [&](const Image& image) { return steps.pixels(image); };
  const auto stretched = [&](const Image& image) { return stretching.pixels(image); };
  for (const char* recipe : {"default", "minmax"}) {
    CAPTURE(recipe);
    const std::string folder = recipe;
    const auto found = quantized(model, images(temp, folder + "1", as_it_is), recipe);
    CHECK(same(found, quantized(model, images(temp, folder + "2", as_in_inference), recipe)));
    CHECK_FALSE(same(found, quantized(model, images(temp, folder + "3", stretched), recipe)));
  }
}

TEST_CASE("static ranges of a detector hold all that its calibration images give, in any order") {
  const TempFolder temp;
  const std::string model = make_model(temp, "hf_detr");
  const std::string folder = images(temp, "calib", [](const Image& image) { return image; });
  std::string list;
  for (const int i : {3, 1, 4, 0, 2}) list += "calib/" + std::to_string(i) + ".png\n";
  const auto found = quantized(model, folder, "minmax");
  CHECK(same(found, quantized(model, temp.file("list.txt", list), "minmax")));
}
