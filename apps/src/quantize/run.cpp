// SPDX-License-Identifier: Apache-2.0
#include "quantize/run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>

#include "common/args.h"
#include "common/progress.h"
#include "quantize/html_report.h"
#include "quantize/layer_rules.h"
#include "quantize/report.h"
#include "quantize/trade_off_charts.h"
#include "vitq/error.h"
#include "vitq/model.h"

namespace vitq::apps {

namespace {

namespace fs = std::filesystem;

// This is a float model and what the quantizer takes of it.
struct Source {
  explicit Source(const fs::path& path)
      : model(Model::load(path)), weights(read_safetensors(path)) {
    if (!model.info().quantization.is_null()) {
      throw UnsupportedError(path.string() + ": is quantized already");
    }
  }

  const Family& family() const { return vitq::family(model.info().family); }

  // Answers the shape of one input. A network that takes any size is counted for an image of 3 to
  // 4.
  Shape usual_input() const {
    const std::int64_t side = model.info().preprocess.height;
    if (family().any_size) return {1, 3, side, side * 4 / 3};
    const Shape image = family().image_shape(model.info().config);
    return {1, image[0], image[1], image[2]};
  }

  Graph traced(const Shape& image) const {
    Graph result;
    const Value pixels = input(result, "image", image);
    result.set_outputs(family().trace(Scope(result), pixels, model.info().config));
    return result;
  }

  Network network() {
    graph = traced(usual_input());
    const auto list = [](const std::array<float, 3>& values) {
      return std::vector<float>(values.begin(), values.end());
    };
    const Preprocess& steps = model.info().preprocess;
    Network network = {graph, weights, vitq::Pixels{list(steps.mean), list(steps.std)}};
    if (family().any_size) network.trace = [this](const Shape& size) { return traced(size); };
    return network;
  }

  Model model;
  Weights weights;
  Graph graph;
};

QuantizeOptions options_of(const QuantizeJob& job, const Family& family) {
  QuantizeOptions options;
  options.bits = job.bits;
  if (!family.keep.empty()) options.rules.push_back(keep_rule(std::string(family.keep)));
  if (!job.policy.empty()) {
    const std::vector<LayerRule> rules = rules_from_json(Json::read(job.policy));
    options.rules.insert(options.rules.end(), rules.begin(), rules.end());
  }
  options.rules.insert(options.rules.end(), job.rules.begin(), job.rules.end());
  options.threads = job.threads;
  options.memory_bytes = job.memory << 20;
  options.scratch = fs::temp_directory_path();
  return options;
}

std::string progress_text(const vitq::Progress& progress) {
  std::string text = std::to_string(progress.index + 1) + "/" + std::to_string(progress.count) +
                     " layers  " + progress.layer + "  " + clock_time(progress.seconds);
  if (progress.index > 0) text += ", " + clock_time(progress.seconds_left) + " left";
  return text;
}

// Makes the weights what the model file holds: packed codes, the float model's information, and how
// it was quantized.
void finish_weights(const Source& source, Quantized& made) {
  bit_pack(source.graph, made.scheme, made.weights);
  ModelInfo info = source.model.info();
  info.quantization = made.provenance;
  info.quantization.set("clipped", clipped_in_calibration(made.report));
  info.quantization.set("scheme", scheme_to_json(source.graph, made.scheme));
  made.weights.metadata["vitq"] = info.to_json().dump();
}

struct Made {
  Quantized quantized;
  std::optional<TradeOff> trade_off;
  std::string note;
};

Made make_plain(const Source& source, const SearchInputs& inputs) {
  Made made;
  made.quantized = quantize(inputs.network, inputs.calibration, inputs.recipe, inputs.options);
  finish_weights(source, made.quantized);
  return made;
}

QuantizeOptions with_rules(QuantizeOptions options, const std::vector<LayerRule>& rules) {
  options.rules.insert(options.rules.end(), rules.begin(), rules.end());
  return options;
}

// Answers the plan, before anything is quantized for the file.
std::string planned(const QuantizeJob& job, const Source& source, const SearchInputs& inputs) {
  QuantizeOptions options = inputs.options;
  std::string note;
  if (job.budget.stated()) {
    const Sensitivities found = sensitivities(job.budget, inputs, job.overwrite);
    const std::int64_t rest = rest_bytes(found, inputs, source.model.info());
    const BitsChoice choice = choose_bits(job.budget, inputs, found, rest);
    options = with_rules(options, choice.rules);
    if (!choice.note.empty()) note = choice.note + '\n';
  }
  return plan_text(plan_layers(inputs.network, inputs.recipe, options), source.weights) + note;
}

// It is tried again, with less for the codes, should the file come out larger than was foreseen.
Made make_within(const QuantizeJob& job, const Source& source, const SearchInputs& inputs) {
  const Sensitivities found = sensitivities(job.budget, inputs, job.overwrite);
  std::int64_t rest = rest_bytes(found, inputs, source.model.info());
  while (true) {
    BitsChoice choice = choose_bits(job.budget, inputs, found, rest);
    const QuantizeOptions options = with_rules(inputs.options, choice.rules);
    Made made = make_plain(
        source, {inputs.network, inputs.calibration, inputs.recipe, options, inputs.model});
    made.trade_off = std::move(choice.trade_off);
    made.note = std::move(choice.note);
    const auto bytes = static_cast<double>(safetensors_bytes(made.quantized.weights));
    const double max = job.budget.megabytes ? *job.budget.megabytes * 1e6 : bytes;
    if (bytes <= max) return made;
    rest += static_cast<std::int64_t>(std::ceil(bytes - max));
  }
}

void write_report(const QuantizeJob& job, const Made& made, const QuantizeFacts& facts) {
  const ReportFormat format = report_format(job.report);
  std::string text;
  if (format == ReportFormat::kHtml) {
    text = html_report(made.quantized, facts, made.trade_off);
  } else if (format == ReportFormat::kSvg) {
    text = front_file(*made.trade_off);
  } else {
    text = report_text(made.quantized, format);
  }
  write_file(job.report, text, job.overwrite);
}

}  // namespace

int run(const QuantizeJob& job) {
  const Recipe recipe = find_recipe(job.recipe);
  if (job.print_recipe) {
    std::cout << recipe.json.dump(2) << '\n';
    return kOk;
  }
  require_sense(job);
  Source source(job.model);
  QuantizeOptions options = options_of(job, source.family());
  const Network network = source.network();
  CalibrationSet calibration;
  if (!job.calibration.source.empty()) {
    calibration =
        calibration_set(calibration_images(job.calibration), source.model.info().preprocess);
  }
  const auto start = std::chrono::steady_clock::now();
  Made made;
  std::string plan;
  {
    const StatusLine status;
    options.progress = [&status](const vitq::Progress& p) { status.show(progress_text(p)); };
    const SearchInputs inputs = {network, calibration, recipe, options, job.model};
    if (job.dry_run) {
      plan = planned(job, source, inputs);
    } else {
      made = job.budget.stated() ? make_within(job, source, inputs) : make_plain(source, inputs);
    }
  }
  if (job.dry_run) {
    std::cout << plan;
    return kOk;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (!made.note.empty()) std::cerr << made.note << '\n';
  write_safetensors(job.output, made.quantized.weights, job.overwrite);
  const QuantizeFacts facts = {job.model, job.output, job.command, calibration.count,
                               seconds.count()};
  if (!job.report.empty()) write_report(job, made, facts);
  std::cerr << summary_text(facts, made.quantized);
  return kOk;
}

}  // namespace vitq::apps
