// SPDX-License-Identifier: Apache-2.0
#include "vitq/sensitivity.h"

#include <algorithm>
#include <chrono>
#include <functional>

#include "base/text.h"
#include "bits/groups.h"
#include "bits/judge.h"
#include "bits/scores/list.h"
#include "bits/sensitivity_runs.h"
#include "bits/times.h"
#include "calibration/calibration_images.h"
#include "vitq/error.h"
#include "vitq/session.h"

namespace vitq {
namespace {

constexpr std::int64_t kImages = 32;  // so many quantize, and as many others judge

// Takes every other image from `first` on, or kImages of them that are spread evenly.
CalibrationSet half_of(const CalibrationSet& all, std::int64_t first) {
  const std::int64_t half = (all.count - first + 1) / 2;
  CalibrationSet part = all;
  part.count = std::min(half, kImages);
  part.image = [&all, first, half, taken = part.count](std::int64_t index) {
    return all.image(first + 2 * (index * half / taken));
  };
  return part;
}

CalibrationSet fitting_half(const CalibrationSet& all) {
  return half_of(all, 0);
}

CalibrationSet judging_half(const CalibrationSet& all) {
  if (all.count < 2) {
    throw UnsupportedError("to choose bits takes two images: one to calibrate on, one to judge");
  }
  return half_of(all, 1);
}

// Tells whether a tensor of a file is one of the layer's.
bool belongs(std::string_view tensor, std::string_view layer) {
  return tensor.size() > layer.size() && tensor.starts_with(layer) && tensor[layer.size()] == '.';
}

bool belongs(std::string_view tensor, const Group& group) {
  return std::ranges::any_of(group.units,
                             [&](const Unit& unit) { return belongs(tensor, unit.plan.name); });
}

std::int64_t bytes_of(const Weights& packed, const Group& group) {
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : packed.tensors) {
    if (belongs(name, group)) bytes += static_cast<std::int64_t>(tensor.bytes());
  }
  return bytes;
}

// Gives the size of a file with these weights and this scheme alone.
std::int64_t bytes_in_all(const Graph& graph, Weights packed, const Scheme& scheme) {
  packed.metadata["scheme"] = scheme_to_json(graph, scheme).dump();
  return safetensors_bytes(packed);
}

// Gives the loss of the float network with one group taken from a quantized network.
double loss_of(const SensitivityRuns& runs, const Group& group, const Quantized& quantized,
               Score& score) {
  Weights weights = runs.network().weights;
  std::erase_if(weights.tensors, [&](const auto& t) { return belongs(t.first, group); });
  for (const auto& [name, tensor] : quantized.weights.tensors) {
    if (belongs(name, group)) weights.tensors[name] = tensor;
  }
  Scheme scheme;
  for (const auto& [site, params] : quantized.scheme.sites()) {
    if (group.has(site.node)) scheme.set(site, params);
  }
  return score.loss(runs, {group, weights, scheme});
}

// Reports the progress of several quantizations as that of one.
class JoinedProgress {
 public:
  JoinedProgress(const QuantizeOptions& options, std::size_t levels)
      : options_(options),
        levels_(static_cast<int>(levels)),
        start_(std::chrono::steady_clock::now()) {}

  std::function<void(const Progress&)> part(const Candidate& bits, std::size_t index) const {
    if (!options_.progress) return {};
    return [this, name = name_of(bits), index](const Progress& part) {
      tell(name, static_cast<int>(index), part);
    };
  }

 private:
  static std::string name_of(const Candidate& bits) {
    if (bits.activations == 0) return text_of(bits.weights, " bits");
    return text_of("w", bits.weights, "a", bits.activations);
  }
  void tell(const std::string& bits, int level, const Progress& part) const {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    const int index = level * part.count + part.index;
    const int count = levels_ * part.count;
    const double left = index > 0 ? passed.count() * (count - index) / index : 0.0;
    options_.progress({text_of("at ", bits, ": ", part.layer), index, count, passed.count(), left});
  }

  const QuantizeOptions& options_;
  int levels_;
  std::chrono::steady_clock::time_point start_;
};

Sensitivities start_of(const std::vector<Group>& groups) {
  Sensitivities result;
  for (const Group& group : groups) {
    std::vector<std::string> layers;
    for (const Unit& unit : group.units) layers.push_back(unit.plan.name);
    result.groups.push_back({group.name, std::move(layers), group.weights(), {}});
  }
  return result;
}

// A group that stays as it is loses nothing.
void add_float(const Weights& weights, const std::vector<Group>& groups, Sensitivities& result) {
  BitsLoss all;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::int64_t bytes = bytes_of(weights, groups[g]);
    result.groups[g].choices.push_back({std::nullopt, bytes, 0.0});
    all.bytes += bytes;
  }
  result.uniform.push_back(all);
}

// Gives all free layers these bits. All other layers are left to the options.
QuantizeOptions everywhere(Bits bits, QuantizeOptions options, const Sensitivities& found) {
  for (const Sensitivities::Group& group : found.groups) {
    for (const std::string& layer : group.layers) options.rules.push_back(rule_for(layer, bits));
  }
  options.errors = false;
  options.token_weights = found.token_weights;
  return options;
}

// Holds the images that judge, and the judge.
struct Evaluation {
  Evaluation(const Network& network, const CalibrationSet& calibration,
             const QuantizeOptions& options)
      : threads(options.threads > 0 ? options.threads : default_threads()),
        store(options.memory_bytes, options.scratch),
        images(network, judging_half(calibration), store),
        judge(images, threads) {}

  int threads;
  ValueStore store;
  CalibrationImages images;
  Judge judge;
};

bool is_known(int bits) {
  return bits >= kMinBits && bits <= kMaxBits;
}

// Throws if there are no candidates, or if they are not as SearchSpace says.
void require_bits(const SearchSpace& space, const QuantizeOptions& options) {
  std::vector<Candidate> whole;  // with both numbers
  for (const Candidate& candidate : space.bits) {
    const std::optional<Bits> bits = bits_of(candidate, options, space.grain);
    whole.push_back(bits ? Candidate{bits->weights, bits->activations} : Candidate{});
  }
  const bool known = std::ranges::all_of(whole, [](const Candidate& c) {
    return c == Candidate{} || (is_known(c.weights) && is_known(c.activations));
  });
  const bool rising = std::ranges::is_sorted(whole, {}, &Candidate::weights);
  std::sort(whole.begin(), whole.end());
  const bool different = std::ranges::adjacent_find(whole) == whole.end();
  if (whole.empty() || !rising || !known || !different || whole.front() == Candidate{}) {
    throw UnsupportedError(text_of("bits to choose from are ", kMinBits, " to ", kMaxBits,
                                   ", none twice, those of weights rising, then perhaps float"));
  }
}

}  // namespace

int bits_of(const BitsLoss& choice) {
  return choice.bits ? choice.bits->weights : kFloatBits;
}

std::optional<Bits> bits_of(const Candidate& candidate, const QuantizeOptions& options,
                            Grain grain) {
  if (candidate.weights == kFloatBits) return std::nullopt;
  if (candidate.activations != 0) return Bits{candidate.weights, candidate.activations};
  return Bits{candidate.weights,
              grain == Grain::kModule ? candidate.weights : options.bits.activations};
}

Sensitivities measure_sensitivities(const Network& network, const CalibrationSet& calibration,
                                    const Recipe& recipe, const QuantizeOptions& options,
                                    const SearchSpace& space) {
  require_bits(space, options);
  Evaluation evaluation(network, calibration, options);
  const CalibrationSet images = fitting_half(calibration);
  const std::vector<Group> groups = free_groups(network, recipe, options, space.grain);
  const std::unique_ptr<Score> score = make_score(space.score, evaluation.judge);
  const JoinedProgress progress(options, space.bits.size());
  Sensitivities result = start_of(groups);
  std::vector<std::shared_ptr<const Plan>> plans;
  const auto add_plan = [&](const Weights& weights, const Scheme& scheme) {
    if (space.timed) plans.push_back(plan_of(evaluation.images.graph(0), weights, scheme));
  };
  for (std::size_t level = 0; level < space.bits.size(); ++level) {
    const std::optional<Bits> bits = bits_of(space.bits[level], options, space.grain);
    if (!bits) {
      add_float(network.weights, groups, result);
      add_plan(network.weights, Scheme::float32());
      continue;
    }
    QuantizeOptions uniform = everywhere(*bits, options, result);
    uniform.progress = progress.part(space.bits[level], level);
    const Quantized made = quantize(network, images, recipe, uniform);
    result.token_weights = made.token_weights;
    Weights packed = made.weights;
    bit_pack(network.graph, made.scheme, packed);
    BitsLoss all = {bits, 0, evaluation.judge.loss(made.weights, made.scheme)};
    SensitivityRuns runs(evaluation.images, evaluation.store, evaluation.threads);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      runs.begin(groups[g]);
      const std::int64_t bytes = bytes_of(packed, groups[g]);
      result.groups[g].choices.push_back({bits, bytes, loss_of(runs, groups[g], made, *score)});
      all.bytes += bytes;
    }
    result.uniform.push_back(all);
    const std::int64_t file = bytes_in_all(network.graph, std::move(packed), made.scheme);
    result.rest_bytes = std::max(result.rest_bytes, file - all.bytes);
    add_plan(made.weights, made.scheme);
  }
  if (space.timed) add_times(plans, groups, evaluation.images, result);
  return result;
}

double judged_loss(const Network& network, const CalibrationSet& calibration, const Recipe& recipe,
                   QuantizeOptions options) {
  const Evaluation evaluation(network, calibration, options);
  options.errors = false;
  const Quantized made = quantize(network, fitting_half(calibration), recipe, options);
  return evaluation.judge.loss(made.weights, made.scheme);
}

}  // namespace vitq
