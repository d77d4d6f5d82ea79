// SPDX-License-Identifier: Apache-2.0
// Runs the float network with noise on the residual stream. Forward passes are enough.
#include "calibration/token_weights.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "base/parallel.h"
#include "network/token_flow.h"
#include "vitq/lower.h"
#include "vitq/session.h"

namespace vitq {
namespace {

// Lowers the float network between some of its values.
class Between {
 public:
  Between(const Weights& weights, std::span<const NodeId> from, std::span<const NodeId> to)
      : weights_(weights), from_(from), to_(to) {}
  Plan operator()(const Graph& graph) const {
    return lower(subgraph(graph, from_, to_).graph, weights_, Scheme::float32(), LowerOptions{});
  }

 private:
  const Weights& weights_;
  std::span<const NodeId> from_;
  std::span<const NodeId> to_;
};

std::vector<Tensor> copies(std::span<const Tensor> tensors) {
  std::vector<Tensor> result;
  for (const Tensor& tensor : tensors) result.push_back(tensor.clone());
  return result;
}

double distance(std::span<const Tensor> a, std::span<const Tensor> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::span<const float> x = a[i].as<float>();
    const std::span<const float> y = b[i].as<float>();
    for (std::size_t j = 0; j < x.size(); ++j) {
      sum += (static_cast<double>(x[j]) - static_cast<double>(y[j])) *
             (static_cast<double>(x[j]) - static_cast<double>(y[j]));
    }
  }
  return sum;
}

double deviation(std::span<const float> values) {
  double sum = 0.0;
  double squares = 0.0;
  for (const float v : values) {
    sum += static_cast<double>(v);
    squares += static_cast<double>(v) * static_cast<double>(v);
  }
  const auto n = static_cast<double>(values.size());
  return std::sqrt(std::max(squares / n - sum / n * (sum / n), 0.0));
}

// Sums up the error at the outputs and the energy of the noise.
struct Response {
  double error = 0.0;
  double energy = 0.0;
  double ratio() const { return error / std::max(energy, 1e-30); }
};

// Holds a sum of the residual stream in one image, and the outputs that follow from it.
struct Clean {
  Tensor sum;
  const std::vector<Tensor>* outputs = nullptr;
};

// Puts noise on a sum of the residual stream, in a session of what comes after it.
struct Probe {
  AxisSpan output_tokens;
  double noise = 0.02;

  // The noise is uniform, on the output tokens or on the others. Adds to `response`.
  void run(Session& session, const Clean& image, bool on_output, Response& response) const {
    const Tensor& clean = image.sum;
    Tensor noisy = clean.clone();
    const std::span<float> values = noisy.as<float>();
    const double amplitude = noise * deviation(values) * std::sqrt(3.0);
    const std::int64_t tokens = clean.shape()[1];
    const std::int64_t width = clean.shape()[2];
    std::mt19937_64 random(on_output ? 1 : 2);
    for (std::int64_t row = 0; row < tokens; ++row) {
      if ((row >= output_tokens.begin && row < output_tokens.end) != on_output) continue;
      for (std::int64_t c = 0; c < width; ++c) {
        const double unit = static_cast<double>(random() >> 11U) * 0x1p-52 - 1.0;
        values[static_cast<std::size_t>(row * width + c)] += static_cast<float>(amplitude * unit);
        response.energy += amplitude * unit * amplitude * unit;
      }
    }
    response.error += distance(session.run(noisy), *image.outputs);
  }
};

// Holds one sum of the residual stream in every image.
struct Sum {
  NodeId node = 0;
  std::vector<Clean> images;
};

float weight_of(const CalibrationImages& images, const Sum& sum, std::span<const NodeId> outputs,
                const Probe& probe, double power) {
  const Graph& graph = images.network().graph;
  const bool all_that_goes_on = subgraph(graph, {&sum.node, 1}, outputs).graph.inputs().size() == 1;
  if (!all_that_goes_on) return 1.0F;
  Response output_tokens;
  Response others;
  const Between rest(images.network().weights, {&sum.node, 1}, outputs);
  images.run(1, rest, [&](Session& session, std::int64_t image) {
    const Clean& clean = sum.images[static_cast<std::size_t>(image)];
    probe.run(session, clean, true, output_tokens);
    probe.run(session, clean, false, others);
  });
  const double ratio = output_tokens.ratio() / std::max(others.ratio(), 1e-30);
  return static_cast<float>(std::clamp(std::pow(ratio, power), 1e-3, 1e3));
}

}  // namespace

TokenWeightsFound measure_token_weights(const TokenWeights& settings, const CalibrationImages& all,
                                        int threads) {
  TokenWeightsFound weights;
  const Graph& graph = all.network().graph;
  const TokenFlow flow(graph);
  const std::vector<NodeId> sums = flow.stream();
  const std::vector<NodeId> inputs = graph.inputs();
  const CalibrationImages images = all.first(std::min(settings.images, all.count()));
  if (images.count() == 0 || sums.empty()) return weights;

  std::vector<NodeId> outputs;
  for (const GraphOutput& output : graph.outputs()) outputs.push_back(output.node);
  std::vector<NodeId> observed = sums;
  observed.insert(observed.end(), outputs.begin(), outputs.end());
  std::vector<std::vector<Tensor>> results(images.values().size());  // [image][observed]
  const Between front(all.network().weights, inputs, observed);
  images.run(threads, front, [&](Session& session, std::int64_t image) {
    const auto i = static_cast<std::size_t>(image);
    results[i] = copies(session.run(images.values()[i]));
  });
  std::vector<std::vector<Tensor>> answers;  // [image][output]
  for (const std::vector<Tensor>& result : results) {
    answers.emplace_back(result.begin() + static_cast<std::ptrdiff_t>(sums.size()), result.end());
  }
  std::vector<float> found(sums.size());
  parallel_for(threads, static_cast<std::int64_t>(sums.size()), [&](std::int64_t index) {
    const auto i = static_cast<std::size_t>(index);
    Sum sum = {sums[i], {}};
    for (std::size_t image = 0; image < results.size(); ++image) {
      sum.images.push_back({results[image][i], &answers[image]});
    }
    found[i] = weight_of(images, sum, outputs, {*flow.output_tokens(sums[i]), settings.noise},
                         settings.power);
  });
  for (std::size_t i = 0; i < sums.size(); ++i) weights[sums[i]] = found[i];
  return weights;
}

}  // namespace vitq
