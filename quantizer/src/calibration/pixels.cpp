// SPDX-License-Identifier: Apache-2.0
#include "calibration/pixels.h"

#include "vitq/plan.h"

namespace vitq {
namespace {

// An image as the network wants it, f32 [N, C, H, W], back to its bytes.
Tensor bytes_of(const Tensor& image, const QParams& codes) {
  Tensor bytes(image.shape(), DType::kU8);
  const std::span<const float> from = image.as<float>();
  const std::span<std::uint8_t> to = bytes.as<std::uint8_t>();
  const std::size_t plane = at(image.shape()[2] * image.shape()[3]);
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::size_t channel = i / plane % codes.channel_offset.size();
    to[i] = static_cast<std::uint8_t>(code_of(from[i], codes.channel_offset[channel],
                                              1.0F / codes.smoothing_scale[channel], codes.bits));
  }
  return bytes;
}

}  // namespace

QParams pixel_codes(const Pixels& pixels) {
  QParams params;
  params.bits = kDigitBits;
  params.range = Range::kStatic;
  params.scale = {1.0F};
  params.lo = {0.0F};
  for (std::size_t c = 0; c < pixels.mean.size(); ++c) {
    params.smoothing_scale.push_back(
        static_cast<float>(1.0 / (255.0 * static_cast<double>(pixels.std[c]))));
    params.channel_offset.push_back(static_cast<float>(-static_cast<double>(pixels.mean[c]) /
                                                       static_cast<double>(pixels.std[c])));
  }
  return params;
}

std::vector<Tensor> plan_inputs(const Plan& plan, std::vector<Tensor> values,
                                const Network& network) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (plan.inputs[i].dtype != DType::kU8) continue;
    values[i] = bytes_of(values[i], pixel_codes(*network.pixels));
  }
  return values;
}

}  // namespace vitq
