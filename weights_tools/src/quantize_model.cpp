// SPDX-License-Identifier: Apache-2.0
#include "vitq/quantize_model.h"

#include <cmath>

#include "bit_search.h"
#include "calibration_files.h"
#include "clipped_shares.h"
#include "integer_range.h"
#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/lower.h"
#include "vitq/model_file.h"
#include "vitq/plan.h"
#include "vitq/rotation.h"
#include "vitq/trace.h"

namespace vitq {

namespace {

namespace fs = std::filesystem;

// It holds a float model file, and makes the network of it that the quantizer takes.
struct FloatModel {
  FloatModel(const fs::path& path, bool is_rotated) : weights(read_safetensors(path)) {
    info = read_model_info(weights, path.string());
    if (!info.quantization.is_null()) {
      throw UnsupportedError(path.string() + ": is quantized already");
    }
    graph = trace(info, usual_input(info));
    require_weights(graph, weights, Scheme::float32());
    if (is_rotated) weights = rotated(graph, weights);
  }

  // Features and regressed values have no distribution that a divergence could be of.
  Loss loss() const {
    if (task_of(info) == Task::kFeatures) return Loss::kRelativeError;
    switch (info.scores) {
      case Scores::kSoftmax: return Loss::kSoftmaxKl;
      case Scores::kSigmoid: return Loss::kSigmoidKl;
      case Scores::kRaw: break;
    }
    return Loss::kRelativeError;
  }

  Network network() const {
    const Preprocess& steps = info.preprocess;
    Network network = {
        graph, weights,
        Pixels{{steps.mean.begin(), steps.mean.end()}, {steps.std.begin(), steps.std.end()}}};
    network.loss = loss();
    if (family(info.family).any_size) {
      network.trace = [this](const Shape& image) { return trace(info, image); };
    }
    return network;
  }

  Weights weights;
  ModelInfo info;
  Graph graph;
};

// A budget may choose few bits.
bool is_rotated(const QuantizeModelOptions& asked) {
  const Bits& most = asked.recipe.rotated_up_to;
  if (asked.budget) return most.weights > 0 || most.activations > 0;
  return asked.bits.weights <= most.weights || asked.bits.activations <= most.activations;
}

QuantizeOptions options_for(const FloatModel& model, const QuantizeModelOptions& asked) {
  QuantizeOptions options;
  options.bits = asked.bits;
  const std::string_view keep = family(model.info.family).keep;
  if (!keep.empty() && !asked.integer_only)
    options.rules.push_back({std::string(keep), std::nullopt});
  options.rules.insert(options.rules.end(), asked.rules.begin(), asked.rules.end());
  options.threads = asked.threads;
  options.memory_bytes = asked.memory_bytes;
  options.scratch = asked.scratch;
  options.progress = asked.progress;
  return options;
}

void require_one_budget(const BitBudget& budget) {
  const int stated = static_cast<int>(budget.megabytes.has_value()) +
                     static_cast<int>(budget.mean_bits.has_value()) +
                     static_cast<int>(budget.milliseconds.has_value()) +
                     static_cast<int>(budget.max_drop.has_value());
  if (stated == 1) return;
  throw UnsupportedError("a budget is one of megabytes, bits, milliseconds and drop, but " +
                         std::to_string(stated) + " of them are stated");
}

// It holds a model, the images and what is asked for.
class ModelQuantizer {
 public:
  template <typename Images>
  ModelQuantizer(const fs::path& path, Images images, const QuantizeModelOptions& asked)
      : asked_(asked),
        model_(path, is_rotated(asked)),
        network_(model_.network()),
        options_(options_for(model_, asked)),
        path_(path) {
    if (asked.budget) require_one_budget(*asked.budget);
    if (asked.integer_only) require_all_layers();
    if (!images.empty()) {
      calibration_ = calibration_of(std::move(images));
    } else if (asked.generate_images) {
      calibration_ =
          generated_calibration(asked.limit, usual_input(model_.info), model_.info.preprocess);
    }
  }

  ModelPlan plan() const {
    if (!asked_.budget) return {plan_layers(network_, asked_.recipe, options_), ""};
    const Sensitivities found = sensitivities(*asked_.budget, inputs());
    const BitsChoice choice =
        choose_bits(*asked_.budget, inputs(), found, rest_bytes(found, inputs(), model_.info));
    return {plan_layers(network_, asked_.recipe, with_rules(options_, choice.rules)), choice.note};
  }

  QuantizedModel quantize() const {
    if (asked_.integer_only) require_integer_range(network_, calibration_, asked_.threads);
    return asked_.budget ? quantize_within(*asked_.budget) : quantize_by(options_);
  }

 private:
  CalibrationSet calibration_of(std::vector<fs::path> files) const {
    return calibration_set(std::move(files), model_.info.preprocess, asked_.image_limits);
  }
  CalibrationSet calibration_of(std::vector<const Image*> images) const {
    return calibration_set(std::move(images), model_.info.preprocess);
  }

  // Says it before hours of calibration rather than after.
  void require_all_layers() const {
    for (const LayerPlan& layer : plan_layers(network_, asked_.recipe, options_)) {
      if (!layer.bits) {
        throw UnsupportedError("layer '" + layer.name +
                               "' would stay in float, but integers only leave nothing in float");
      }
      const int most = std::max(layer.bits->weights, layer.bits->activations);
      if (most > kDigitBits) {
        throw UnsupportedError("layer '" + layer.name + "' would have codes of " +
                               std::to_string(most) + " bits, but integers only take codes of " +
                               "at most " + std::to_string(kDigitBits) + " bits");
      }
    }
  }
  // Lowering names what cannot be computed on integers only.
  void require_integer_only(const Quantized& made) const {
    lower(model_.graph, made.weights, made.scheme, {.numerics = Numerics::kIntegerOnly});
  }

  SearchInputs inputs() const { return {network_, calibration_, asked_.recipe, options_, path_}; }

  QuantizedModel quantize_by(const QuantizeOptions& options) const {
    Quantized made = vitq::quantize(network_, calibration_, asked_.recipe, options);
    if (asked_.integer_only) require_integer_only(made);
    bit_pack(model_.graph, made.scheme, made.weights);
    QuantizedModel result;
    result.info = model_.info;
    result.info.quantization = made.provenance;
    result.info.quantization.set("clipped", clipped_shares(made.report));
    if (is_rotated(asked_)) result.info.quantization.set("rotated", true);
    result.info.quantization.set("scheme", scheme_to_json(model_.graph, made.scheme));
    if (asked_.integer_only) {
      result.info.quantization.set("numerics", kIntegerOnlyName);
    }
    result.weights = std::move(made.weights);
    set_model_info(result.weights, result.info);
    result.report = std::move(made.report);
    result.provenance = std::move(made.provenance);
    result.images = calibration_.count;
    result.generated = calibration_.generated;
    return result;
  }

  // Tries again with less for the codes, should the file come out larger than was foreseen.
  QuantizedModel quantize_within(const BitBudget& budget) const {
    const Sensitivities found = sensitivities(budget, inputs());
    std::int64_t rest = rest_bytes(found, inputs(), model_.info);
    while (true) {
      BitsChoice choice = choose_bits(budget, inputs(), found, rest);
      QuantizedModel made = quantize_by(with_rules(options_, choice.rules));
      made.trade_off = std::move(choice.trade_off);
      made.note = std::move(choice.note);
      const auto bytes = static_cast<double>(safetensors_bytes(made.weights));
      const double max = budget.megabytes ? *budget.megabytes * 1e6 : bytes;
      if (bytes <= max) return made;
      rest += static_cast<std::int64_t>(std::ceil(bytes - max));
    }
  }

  const QuantizeModelOptions& asked_;
  FloatModel model_;
  Network network_;  // of model_
  QuantizeOptions options_;
  CalibrationSet calibration_;
  fs::path path_;
};

std::vector<fs::path> chosen_of(std::span<const fs::path> images,
                                const QuantizeModelOptions& options) {
  std::vector<fs::path> chosen;
  for (const std::size_t i : sample(images.size(), options.limit, options.seed)) {
    chosen.push_back(images[i]);
  }
  return chosen;
}

std::vector<const Image*> chosen_of(std::span<const Image> images,
                                    const QuantizeModelOptions& options) {
  std::vector<const Image*> chosen;
  for (const std::size_t i : sample(images.size(), options.limit, options.seed)) {
    chosen.push_back(&images[i]);
  }
  return chosen;
}

}  // namespace

Json clipped_shares(const std::vector<LayerReport>& report) {
  Json json = Json::object();
  for (const LayerReport& entry : report) {
    if (entry.range == Range::kStatic && entry.clipped > 0.0)
      json.set(entry.plan.name, entry.clipped);
  }
  return json;
}

QuantizedModel quantize_model(const fs::path& model, std::span<const fs::path> images,
                              const QuantizeModelOptions& options) {
  return ModelQuantizer(model, chosen_of(images, options), options).quantize();
}

QuantizedModel quantize_model(const fs::path& model, std::span<const Image> images,
                              const QuantizeModelOptions& options) {
  return ModelQuantizer(model, chosen_of(images, options), options).quantize();
}

ModelPlan plan_model(const fs::path& model, std::span<const fs::path> images,
                     const QuantizeModelOptions& options) {
  return ModelQuantizer(model, chosen_of(images, options), options).plan();
}

}  // namespace vitq
