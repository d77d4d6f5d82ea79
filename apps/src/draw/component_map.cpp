// SPDX-License-Identifier: Apache-2.0
#include "draw/component_map.h"

#include <algorithm>
#include <cmath>

#include "draw/principal_components.h"
#include "draw/view.h"

namespace vitq::apps {

namespace {

constexpr std::size_t kColours = 3;

// Single tokens far from all others would leave the rest in one colour. So the outermost hundredth
// at either end is cut.
std::pair<double, double> range_of(const std::vector<double>& components, std::size_t colour) {
  std::vector<double> values;
  for (std::size_t i = colour; i < components.size(); i += kColours) {
    values.push_back(components[i]);
  }
  std::sort(values.begin(), values.end());
  const std::size_t cut = values.size() / 100;
  return {values[cut], values[values.size() - 1 - cut]};
}

}  // namespace

Image component_colours(const Tensor& tokens) {
  const Shape& shape = tokens.shape();
  const std::vector<double> components =
      principal_components(tokens.as<float>(), static_cast<std::size_t>(shape[3]), kColours);
  Image grid = make_image(static_cast<int>(shape[2]), static_cast<int>(shape[1]));
  for (std::size_t colour = 0; colour < kColours; ++colour) {
    const auto [low, high] = range_of(components, colour);
    const double range = high > low ? high - low : 1.0;
    for (std::size_t i = colour; i < components.size(); i += kColours) {
      const double value = std::clamp((components[i] - low) / range, 0.0, 1.0);
      grid.rgb[i] = static_cast<std::uint8_t>(std::lround(255.0 * value));
    }
  }
  return grid;
}

Image component_map(const Tensor& tokens, const Image& image, const Preprocess& preprocess) {
  constexpr double kShare = 0.75;  // of the colours; the rest is the image in grey
  Image view = enlarged_view(image, preprocess);
  const Image colours =
      resize(component_colours(tokens), view.width, view.height, Filter::kBicubic);
  for (std::size_t i = 0; i < view.rgb.size(); i += 3) {
    const double grey = 0.299 * view.rgb[i] + 0.587 * view.rgb[i + 1] + 0.114 * view.rgb[i + 2];
    for (std::size_t c = 0; c < kColours; ++c) {
      const double mixed = kShare * colours.rgb[i + c] + (1.0 - kShare) * grey;
      view.rgb[i + c] = static_cast<std::uint8_t>(std::lround(mixed));
    }
  }
  return view;
}

}  // namespace vitq::apps
