// SPDX-License-Identifier: Apache-2.0
#include "fold.h"

#include <cmath>
#include <span>

#include "vitq/error.h"

namespace vitq {
namespace {

// Takes a vector out, in f32.
Tensor take_vector(Tensors& tensors, const std::string& name, std::int64_t channels) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw WeightError("missing: " + name);
  if (found->second.shape() != Shape{channels}) {
    throw WeightError("misshaped: " + name + ": expected " + Shape{channels}.str() + ", found " +
                      found->second.shape().str());
  }
  Tensor vector = found->second.to_f32();
  tensors.erase(found);
  return vector;
}

}  // namespace

void insert(Tensors& tensors, std::string name, Tensor tensor) {
  const auto [place, fresh] = tensors.emplace(std::move(name), std::move(tensor));
  if (!fresh) throw WeightError("two tensors of the checkpoint mean '" + place->first + "'");
}

// Computes weight * g and bias = b - mean * g with g = gain / sqrt(var + eps), in double.
void fold_norm(const std::string& conv, const std::string& norm, Tensors& tensors) {
  constexpr double kEps = 1e-5;  // of torchvision's, timm's and DETR's frozen batch norms
  Tensor weight = tensors.at(conv + ".weight").to_f32().clone();
  if (weight.shape().rank() != 4 || weight.shape()[0] == 0) {
    throw WeightError("misshaped: " + conv + ".weight: expected rank 4, found " +
                      weight.shape().str());
  }
  const std::int64_t channels = weight.shape()[0];
  const Tensor gain = take_vector(tensors, norm + ".weight", channels);
  const Tensor offset = take_vector(tensors, norm + ".bias", channels);
  const Tensor mean = take_vector(tensors, norm + ".running_mean", channels);
  const Tensor variance = take_vector(tensors, norm + ".running_var", channels);
  Tensor bias({channels}, DType::kF32);
  const std::span<float> w = weight.as<float>();
  const std::size_t columns = w.size() / static_cast<std::size_t>(channels);
  for (std::size_t o = 0; o < static_cast<std::size_t>(channels); ++o) {
    const auto at = [o](const Tensor& v) { return static_cast<double>(v.as<float>()[o]); };
    if (!(at(variance) >= 0.0)) {
      throw WeightError(norm + ".running_var: element " + std::to_string(o) + " is " +
                        std::to_string(at(variance)) + "; a variance is not negative");
    }
    const double g = at(gain) / std::sqrt(at(variance) + kEps);
    for (float& value : w.subspan(o * columns, columns))
      value = static_cast<float>(static_cast<double>(value) * g);
    bias.as<float>()[o] = static_cast<float>(at(offset) - at(mean) * g);
  }
  tensors.insert_or_assign(conv + ".weight", std::move(weight));
  insert(tensors, conv + ".bias", std::move(bias));
}

// x W^T + b, times a gain of each channel, is x (g W)^T + g b. Codes have a scale for each of these
// channels already, so the product loses nothing when it is quantized.
void fold_layer_scale(const std::string& layer, const std::string& gain, Tensors& tensors) {
  Tensor weight = tensors.at(layer + ".weight").to_f32().clone();
  const std::int64_t channels = weight.shape().rank() == 2 ? weight.shape()[0] : 0;
  const Tensor factors = take_vector(tensors, gain, channels);
  const std::span<const float> g = factors.as<float>();
  const std::span<float> w = weight.as<float>();
  const std::size_t columns = g.empty() ? 0 : w.size() / g.size();
  for (std::size_t i = 0; i < g.size() * columns; ++i) w[i] *= g[i / columns];
  tensors.insert_or_assign(layer + ".weight", std::move(weight));
  if (!tensors.contains(layer + ".bias")) return;
  Tensor bias = take_vector(tensors, layer + ".bias", channels).clone();
  for (std::size_t i = 0; i < g.size(); ++i) bias.as<float>()[i] *= g[i];
  insert(tensors, layer + ".bias", std::move(bias));
}

}  // namespace vitq
