// SPDX-License-Identifier: Apache-2.0
// Goes from a network and images to integer weights: checks, rounds of methods, and the record.
#include <chrono>
#include <limits>

#include "base/text.h"
#include "calibration/calibration_images.h"
#include "calibration/pixels.h"
#include "calibration/token_weights.h"
#include "network/units.h"
#include "vitq/error.h"
#include "vitq/finite.h"
#include "vitq/lower.h"
#include "vitq/method.h"
#include "vitq/session.h"
#include "walk.h"

namespace vitq {
namespace {

constexpr std::string_view kTool = "vitq " VITQ_VERSION;

void check(const Network& network, const CalibrationSet& calibration) {
  require_weights(network.graph, network.weights, Scheme::float32());
  if (network.graph.inputs().size() != 1) {
    throw UnsupportedError("only networks with one input can be quantized");
  }
  if (network.graph[network.graph.inputs()[0]].shape[0] != 1) {
    throw ShapeError("a network is quantized as traced for one image");
  }
  if (calibration.count < 1) throw UnsupportedError("there is no image to calibrate on");
}

// The exact sums of a layer have to fit 32 bits, digit by digit.
void check_sums(const Network& network, const std::vector<Unit>& units) {
  for (const Unit& unit : units) {
    if (!unit.plan.bits || unit.plan.attention) continue;
    const Shape& weight = network.graph[network.graph[unit.plan.node].inputs[1]].shape;
    const std::int64_t k = weight.elements() / weight[0];
    const std::int64_t max = k * max_code(kDigitBits) * max_weight_code(kDigitBits);
    if (max > std::numeric_limits<std::int32_t>::max()) {
      throw LimitError(text_of("layer '", unit.plan.name, "' has ", k,
                               " inputs, whose products can add up to more than 32 bits hold; ",
                               "keep it in float"));
    }
  }
}

// Reports how far the rounds are. Work is counted in multiply-accumulates.
class Clock {
 public:
  Clock(const Graph& graph, const std::vector<Unit>& units, std::size_t rounds,
        const QuantizeOptions& options)
      : graph_(graph), options_(options), start_(std::chrono::steady_clock::now()) {
    for (const Unit& unit : units) all_ += work_of(unit);
    all_ *= static_cast<double>(rounds);
    count_ = static_cast<int>(units.size() * rounds);
  }

  void begin(const Unit& unit) {
    if (!options_.progress) return;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    const double left = done_ > 0.0 ? passed.count() * (all_ - done_) / done_ : 0.0;
    options_.progress({unit.plan.name, index_, count_, passed.count(), left});
  }
  void end(const Unit& unit) {
    done_ += work_of(unit);
    ++index_;
  }

 private:
  double work_of(const Unit& unit) const {
    return static_cast<double>(macs(graph_, unit.plan.node) + 1);
  }

  const Graph& graph_;
  const QuantizeOptions& options_;
  std::chrono::steady_clock::time_point start_;
  double all_ = 0.0;
  double done_ = 0.0;
  int index_ = 0;
  int count_ = 0;
};

Json provenance_of(const CalibrationSet& calibration, const Recipe& recipe,
                   const QuantizeOptions& options) {
  Json json = Json::object();
  json.set("tool", kTool).set("recipe", recipe.json);
  json.set("bits", text_of("w", options.bits.weights, "a", options.bits.activations));
  json.set("rules", rules_to_json(options.rules));
  json.set("images", calibration.count).set("calibration", calibration.digest);
  return json;
}

// A network whose answer to the first image is no number has no values to choose codes for.
void require_answer(const CalibrationImages& images) {
  const Network& network = images.network();
  const auto lowered = [&network](const Graph& graph) {
    return lower(graph, network.weights, Scheme::float32(), LowerOptions{});
  };
  images.first(1).run(1, lowered, [&](Session& session, std::int64_t) {
    const Tensor& answer =
        session.run(plan_inputs(session.plan(), {images.values()[0]}, network))[0];
    require_finite(answer.as<float>(), network.graph.outputs()[0].name);
  });
}

}  // namespace

Quantized quantize(const Network& network, const CalibrationSet& calibration, const Recipe& recipe,
                   const QuantizeOptions& options) {
  check(network, calibration);
  std::vector<Unit> units = find_units(network);
  decide_bits(network, recipe, options, units);
  check_sums(network, units);
  const int threads = options.threads > 0 ? options.threads : default_threads();
  ValueStore store(options.memory_bytes, options.scratch);
  const CalibrationImages images(network, calibration, store);
  require_answer(images);
  Clock clock(network.graph, units, recipe.rounds.size(), options);
  TokenWeightsFound token_weights = options.token_weights;
  if (token_weights.empty()) {
    token_weights = measure_token_weights(recipe.token_weights, images, threads);
  }
  WalkState state = {network, units,          token_weights,   store, images,
                     threads, options.errors, network.weights, {},    {},
                     {}};
  for (const std::vector<RecipeStep>& steps : recipe.rounds) {
    Walk walk(state, steps);
    for (const Unit& unit : units) {
      clock.begin(unit);
      walk.visit(unit);
      clock.end(unit);
    }
  }
  Quantized result;
  result.token_weights = token_weights;
  result.weights = std::move(state.weights);
  result.scheme = std::move(state.scheme);
  store_scheme(network.graph, result.scheme, result.weights);
  for (const Unit& unit : units) {
    const auto found = state.reports.find(unit.plan.node);
    result.report.push_back(found == state.reports.end() ? LayerReport{.plan = unit.plan}
                                                         : found->second);
  }
  result.provenance = provenance_of(calibration, recipe, options);
  return result;
}

}  // namespace vitq
