// SPDX-License-Identifier: Apache-2.0
#include "pixel_grid.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "vitq/error.h"

namespace vitq {
namespace {

constexpr float kTolerance = 0.01F;
constexpr float kTopByte = 255.0F;
// Adding and subtracting it rounds to the nearest integer, in code that vectorizes everywhere.
constexpr float kRound = 12582912.0F;  // 1.5 * 2^23

bool on_grid(float x, float channel_offset, float inverse_smoothing) {
  const float byte = (x - channel_offset) * inverse_smoothing;
  const float inside = std::min(std::max(byte, 0.0F), kTopByte);
  const float nearest = (inside + kRound) - kRound;
  return std::abs(byte - nearest) <= kTolerance;  // false for what is not a number, too
}

bool all_on_grid(std::span<const float> values, float channel_offset, float inverse_smoothing) {
  int off = 0;
  for (const float x : values) off |= on_grid(x, channel_offset, inverse_smoothing) ? 0 : 1;
  return off == 0;
}

const float* image_of(const Tensor& mask, std::size_t index) {
  const Shape& shape = mask.shape();
  return mask.as<float>().data() + index * static_cast<std::size_t>(shape[1] * shape[2]);
}

[[noreturn]] void fail(const Shape& shape, std::int64_t index, float value) {
  std::string place;
  std::int64_t stride = shape.elements();
  for (const std::int64_t extent : shape.dims()) {
    stride /= extent;
    if (!place.empty()) place += ", ";
    place += std::to_string(index / stride % extent);
  }
  throw ShapeError("the input's value [" + place + "] is " + std::to_string(value) +
                   ", which no 8-bit pixel gives; this quantized network reads pixels: prepare "
                   "the input with its mean and std, or keep its first layer in float");
}

}  // namespace

std::optional<PixelGrid> pixel_grid(const Graph& graph, const Scheme& scheme) {
  for (const auto& [site, params] : scheme.sites()) {
    const Node& node = graph[site.node];
    const bool reads_image = site.operand == 0 && std::holds_alternative<op::Conv2d>(node.op) &&
                             std::holds_alternative<op::Input>(graph[node.inputs[0]].op);
    const bool bytes = params.bits == 8 && params.range == Range::kStatic &&
                       params.scale == std::vector<float>{1.0F} &&
                       params.lo == std::vector<float>{0.0F};
    if (reads_image && bytes && !params.smoothing_scale.empty() &&
        params.smoothing_scale.size() == params.channel_offset.size()) {
      return PixelGrid{params.smoothing_scale, params.channel_offset};
    }
  }
  return std::nullopt;
}

void require_pixels(const Tensor& input, const PixelGrid& grid, const Tensor* mask) {
  const Shape& shape = input.shape();
  const std::size_t channels = grid.smoothing_scale.size();
  const std::span<const float> values = input.as<float>();
  const auto plane = static_cast<std::size_t>(shape[2] * shape[3]);
  for (std::size_t begin = 0; begin < values.size(); begin += plane) {
    const std::size_t channel = begin / plane % channels;
    const float channel_offset = grid.channel_offset[channel];
    const float inverse = 1.0F / grid.smoothing_scale[channel];
    const std::span<const float> part = values.subspan(begin, plane);
    if (all_on_grid(part, channel_offset, inverse)) continue;
    const float* valid = mask == nullptr ? nullptr : image_of(*mask, begin / plane / channels);
    for (std::size_t i = 0; i < plane; ++i) {
      const bool padding = valid != nullptr && valid[i] == 0.0F;
      if (padding || on_grid(part[i], channel_offset, inverse)) continue;
      fail(shape, static_cast<std::int64_t>(begin + i), part[i]);
    }
  }
}

}  // namespace vitq
