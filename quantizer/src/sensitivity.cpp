// SPDX-License-Identifier: Apache-2.0
#include "vitq/sensitivity.h"

#include <algorithm>
#include <chrono>

#include "parallel.h"
#include "text.h"
#include "vitq/error.h"
#include "vitq/session.h"

namespace vitq {
namespace {

constexpr int kLeast = 4;
constexpr int kMost = 8;
constexpr int kLevels = kMost - kLeast + 1;
constexpr std::int64_t kImages = 32;  // to quantize with, and as many to judge

// Every other image from `first` on, at most kImages, spread evenly.
CalibrationSet half_of(const CalibrationSet& all, std::int64_t first) {
  const std::int64_t half = (all.count - first + 1) / 2;
  CalibrationSet part;
  part.count = std::min(half, kImages);
  part.digest = all.digest;
  part.batch = [&all, first, half, taken = part.count](std::int64_t begin, std::int64_t /*n*/) {
    return all.batch(first + 2 * (begin * half / taken), 1);
  };
  return part;
}

CalibrationSet fitting_half(const CalibrationSet& all) {
  return half_of(all, 0);
}

CalibrationSet judging_half(const CalibrationSet& all) {
  if (all.count < 2) {
    throw UnsupportedError("to choose bits takes two pictures: one to calibrate on, one to judge");
  }
  return half_of(all, 1);
}

std::vector<LayerPlan> free_layers(const Network& network, const Recipe& recipe,
                                   QuantizeOptions options) {
  constexpr Bits kUnnamed = {2, 2};  // no rule of a user's has so few
  options.bits = kUnnamed;
  options.rules.insert(options.rules.begin(), LayerRule{".", kUnnamed});
  std::vector<LayerPlan> layers = plan_layers(network, recipe, options);
  std::erase_if(layers,
                [&](const LayerPlan& layer) { return layer.attention || layer.bits != kUnnamed; });
  if (layers.empty()) throw UnsupportedError("there is no layer whose bits are free");
  return layers;
}

// The tensors of a layer as they lie in a file.
bool belongs(std::string_view tensor, std::string_view layer) {
  return tensor.size() > layer.size() && tensor.starts_with(layer) && tensor[layer.size()] == '.';
}

std::int64_t bytes_of(const Weights& packed, std::string_view layer) {
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : packed.tensors) {
    if (belongs(name, layer)) bytes += static_cast<std::int64_t>(tensor.bytes());
  }
  return bytes;
}

// Of a file of these weights and this scheme alone.
std::int64_t bytes_in_all(const Graph& graph, Weights packed, const Scheme& scheme) {
  packed.metadata["scheme"] = scheme_to_json(graph, scheme).dump();
  return safetensors_bytes(packed);
}

// The float network with one layer as it is in a quantized one.
double kl_of_layer(const Network& network, const LayerPlan& layer, const Quantized& quantized,
                   const Judge& judge) {
  Weights weights = network.weights;
  std::erase_if(weights.tensors, [&](const auto& t) { return belongs(t.first, layer.name); });
  for (const auto& [name, tensor] : quantized.weights.tensors) {
    if (belongs(name, layer.name)) weights.tensors[name] = tensor;
  }
  Scheme scheme;
  for (const auto& [site, params] : quantized.scheme.sites()) {
    if (site.node == layer.node) scheme.set(site, params);
  }
  return judge.kl(weights, scheme);
}

// Several quantizations told as one.
class JoinedProgress {
 public:
  explicit JoinedProgress(const QuantizeOptions& options)
      : options_(options), start_(std::chrono::steady_clock::now()) {}

  std::function<void(const Progress&)> part(int bits) const {
    if (!options_.progress) return {};
    return [this, bits](const Progress& part) { tell(bits, part); };
  }

 private:
  void tell(int bits, const Progress& part) const {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    const int index = (bits - kLeast) * part.count + part.index;
    const int count = kLevels * part.count;
    const double left = index > 0 ? passed.count() * (count - index) / index : 0.0;
    options_.progress(
        {text_of("at ", bits, " bits: ", part.layer), index, count, passed.count(), left});
  }

  const QuantizeOptions& options_;
  std::chrono::steady_clock::time_point start_;
};

QuantizeOptions uniform_options(const QuantizeOptions& options, int bits) {
  QuantizeOptions uniform = options;
  uniform.rules.insert(uniform.rules.begin(), LayerRule{".", Bits{bits, options.bits.activations}});
  return uniform;
}

}  // namespace

Sensitivities measure_sensitivities(const Network& network, const CalibrationSet& calibration,
                                    const Recipe& recipe, const QuantizeOptions& options) {
  const Judge judge(network, judging_half(calibration));
  const CalibrationSet images = fitting_half(calibration);
  const std::vector<LayerPlan> plans = free_layers(network, recipe, options);
  const JoinedProgress progress(options);
  Sensitivities result;
  for (const LayerPlan& plan : plans) {
    result.layers.push_back({plan.name, plan.weights, std::vector<BitsLoss>(kLevels)});
  }
  const int threads = options.threads > 0 ? options.threads : default_threads();
  for (int bits = kLeast; bits <= kMost; ++bits) {
    QuantizeOptions uniform = uniform_options(options, bits);
    uniform.progress = progress.part(bits);
    const Quantized made = quantize(network, images, recipe, uniform);
    Weights packed = made.weights;
    pack_codes(network.graph, made.scheme, packed);
    const auto level = static_cast<std::size_t>(bits - kLeast);
    BitsLoss all = {bits, 0, judge.kl(made.weights, made.scheme)};
    parallel_for(threads, static_cast<std::int64_t>(plans.size()), [&](std::int64_t i) {
      const auto l = static_cast<std::size_t>(i);
      result.layers[l].choices[level] = {bits, bytes_of(packed, plans[l].name),
                                         kl_of_layer(network, plans[l], made, judge)};
    });
    for (const Sensitivities::Layer& layer : result.layers) all.bytes += layer.choices[level].bytes;
    result.uniform.push_back(all);
    const std::int64_t file = bytes_in_all(network.graph, std::move(packed), made.scheme);
    result.rest_bytes = std::max(result.rest_bytes, file - all.bytes);
  }
  return result;
}

double judged_kl(const Network& network, const CalibrationSet& calibration, const Recipe& recipe,
                 const QuantizeOptions& options) {
  const Judge judge(network, judging_half(calibration));
  const Quantized made = quantize(network, fitting_half(calibration), recipe, options);
  return judge.kl(made.weights, made.scheme);
}

}  // namespace vitq
