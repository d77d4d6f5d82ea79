// SPDX-License-Identifier: Apache-2.0
#include "draw/heat_map.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "draw/view.h"

namespace vitq::apps {

namespace {

using Colour = std::array<double, 3>;

// Lightness rises evenly from black by violet, red and orange to light yellow.
constexpr std::array<Colour, 6> kGlow = {
    {{0, 0, 4}, {66, 10, 104}, {147, 38, 103}, {221, 81, 58}, {252, 165, 10}, {252, 255, 164}}};

Colour glow(double value) {
  const double place = std::clamp(value, 0.0, 1.0) * (kGlow.size() - 1);
  const std::size_t index = std::min(static_cast<std::size_t>(place), kGlow.size() - 2);
  const double part = place - static_cast<double>(index);
  Colour colour = {};
  for (std::size_t c = 0; c < 3; ++c) {
    colour[c] = (1.0 - part) * kGlow[index][c] + part * kGlow[index + 1][c];
  }
  return colour;
}

// Patches that draw attention without any content would leave all others black. So the brightest
// hundredth is cut.
std::pair<double, double> range_of(std::vector<double> weights) {
  std::sort(weights.begin(), weights.end());
  const std::size_t high = (weights.size() - 1) * 99 / 100;
  return {weights.front(), weights[high]};
}

// Answers the weights from 0 to 255, in the size of the view.
Image spread(const PatchWeights& patches, int width, int height) {
  const auto [low, high] = range_of(patches.weights);
  const double range = high > low ? high - low : 1.0;
  Image grid = make_image(patches.width, patches.height);
  for (std::size_t i = 0; i < patches.weights.size(); ++i) {
    const double value = std::clamp((patches.weights[i] - low) / range, 0.0, 1.0);
    std::fill_n(&grid.rgb[3 * i], 3, static_cast<std::uint8_t>(std::lround(255.0 * value)));
  }
  return resize(grid, width, height, Filter::kBicubic);
}

void blend(std::uint8_t* pixel, double value) {
  const double grey = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
  const double share = 0.30 + 0.35 * value;
  const Colour colour = glow(value);
  for (std::size_t c = 0; c < 3; ++c) {
    const double mixed = (1.0 - share) * (0.5 * grey + 0.5 * pixel[c]) + share * colour[c];
    pixel[c] = static_cast<std::uint8_t>(std::lround(std::clamp(mixed, 0.0, 255.0)));
  }
}

}  // namespace

Image heat_map(const PatchWeights& patches, const Image& image, const Preprocess& preprocess) {
  Image view = enlarged_view(image, preprocess);
  const Image values = spread(patches, view.width, view.height);
  for (std::size_t i = 0; i < view.rgb.size(); i += 3) {
    blend(&view.rgb[i], values.rgb[i] / 255.0);
  }
  return view;
}

}  // namespace vitq::apps
