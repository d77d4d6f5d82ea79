// SPDX-License-Identifier: Apache-2.0
#include "quantize.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>

#include "args.h"
#include "html_report.h"
#include "layer_rules.h"
#include "output.h"
#include "progress.h"
#include "quantize_report.h"
#include "range_check.h"
#include "trade_off_charts.h"
#include "vitq/error.h"
#include "vitq/model.h"

namespace vitq::apps {

namespace {

namespace fs = std::filesystem;

// Without the output's folder a long calibration would be in vain.
void require_writable(const fs::path& path, Overwrite overwrite) {
  if (path.empty()) return;
  require_free(path, overwrite);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder)) {
    throw FileError(Fault::kUnreadable, path.string(), "its folder does not exist");
  }
}

// A file that is read or written under two names would be lost.
void require_apart(const QuantizeJob& job) {
  std::vector<fs::path> paths;
  for (const fs::path& path : {job.model, job.output, job.report, job.budget.stats_out}) {
    if (!path.empty()) paths.push_back(fs::weakly_canonical(fs::absolute(path)));
  }
  std::sort(paths.begin(), paths.end());
  const auto twice = std::adjacent_find(paths.begin(), paths.end());
  if (twice == paths.end()) return;
  throw UsageError("'" + twice->string() +
                   "' is named twice: MODEL, --output, --report and --stats-out are files of their "
                   "own");
}

void require_sense(const QuantizeJob& job) {
  if (job.model.empty()) throw UsageError("MODEL is missing (see --help)");
  const BudgetJob& budget = job.budget;
  if (!job.report.empty() && report_format(job.report) == ReportFormat::kSvg && !budget.stated()) {
    throw UsageError("a report as .svg is the front of sizes: it takes a budget");
  }
  require_sense(budget);
  require_apart(job);
  if (job.dry_run && !job.report.empty()) throw UsageError("--dry-run makes no --report");
  if (job.dry_run && !budget.stated()) return;
  if (job.output.empty() && !job.dry_run)
    throw UsageError("no output is named: -o FILE, or --dry-run");
  if (job.calibration.source.empty()) {
    throw UsageError("--calib FOLDER is missing: pictures like those that the network will see");
  }
  require_writable(job.output, job.overwrite);
  require_writable(job.report, job.overwrite);
  require_writable(budget.stats_out, job.overwrite);
}

std::string names_of_recipes() {
  std::string names;
  for (const std::string_view name : recipe_names()) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names;
}

Recipe find_recipe(const std::string& name) {
  if (name.ends_with(".json")) return recipe_from_json(Json::read(name));
  const std::vector<std::string_view> names = recipe_names();
  if (std::find(names.begin(), names.end(), name) != names.end()) return recipe_named(name);
  throw UsageError("there is no recipe '" + name + "'; there are: " + names_of_recipes() +
                   ", and files that end in .json");
}

// A float model and what the quantizer takes of it.
struct Source {
  explicit Source(const fs::path& path)
      : model(Model::load(path)), weights(read_safetensors(path)) {
    if (!model.info().quantization.is_null()) {
      throw UnsupportedError(path.string() + ": is quantized already");
    }
  }

  const Family& family() const { return vitq::family(model.info().family); }

  // One input. What is counted of a network that takes any size is counted for a picture of 3 to 4.
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
  pack_codes(source.graph, made.scheme, made.weights);
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

// The plan, before anything is quantized for the file.
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

// Again, with less for the codes, should the file come out larger than was foreseen.
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
    const double most = job.budget.megabytes ? *job.budget.megabytes * 1e6 : bytes;
    if (bytes <= most) return made;
    rest += static_cast<std::int64_t>(std::ceil(bytes - most));
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

void declare_calibration(CLI::App& app, CalibrationJob& job) {
  app.add_option("--calib", job.source,
                 "Pictures like those that the network will see: a folder (with those below it), "
                 "or a text file that names them, one a line, relative to itself. A detector takes "
                 "each at the size that it has in vit_infer");
  app.add_option("--samples", job.samples,
                 "At most so many pictures, spread evenly over all (default 128)")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--seed", job.seed, "Choose the pictures at random, from this number");
}

// Triggered as they are read, because their order counts.
void declare_rules(CLI::App& app, QuantizeJob& job) {
  const auto keep = [&job](const std::string& text) { job.rules.push_back(keep_rule(text)); };
  const auto set = [&job](const std::string& text) { job.rules.push_back(set_rule(text)); };
  app.add_option_function<std::string>(
         "--keep", keep, "REGEX: layers whose name it is found in stay in float; may be repeated")
      ->trigger_on_parse();
  app.add_option_function<std::string>(
         "--set", set,
         "REGEX=w6a8: such layers get 6 and 8 bits; may be repeated. Of all --keep and --set that "
         "match a layer the last holds")
      ->trigger_on_parse();
  app.add_option("--policy", job.policy,
                 "The same as JSON: {\"rules\": [{\"layers\": REGEX, \"bits\": \"w6a8\" or "
                 "\"keep\"}]}; --keep and --set come after it");
}

}  // namespace

void declare(CLI::App& app, QuantizeJob& job) {
  app.add_option("MODEL", job.model, "The float model file");
  app.add_option("-o,--output", job.output, "The model file to write");
  declare_calibration(app, job.calibration);
  app.add_option(
      "--recipe", job.recipe,
      "How: " + names_of_recipes() + " (default: default), or a file that ends in .json");
  app.add_flag("--print-recipe", job.print_recipe,
               "Show the recipe as JSON, to start one of your own from, and exit");
  auto* weights =
      app.add_option("--weight-bits", job.bits.weights, "Bits of the weights, 4 to 8 (default 7)")
          ->check(CLI::Range(kLeastBits, kMostBits));
  app.add_option("--act-bits", job.bits.activations, "Bits of the activations, 4 to 8 (default 8)")
      ->check(CLI::Range(kLeastBits, kMostBits));
  declare(app, job.budget);
  for (const char* budget : {"--budget-mb", "--budget-bits", "--budget-ms", "--max-drop"}) {
    weights->excludes(app.get_option(budget));
  }
  declare_rules(app, job);
  app.add_flag("--dry-run", job.dry_run, "Show the layers, their bits and sizes; write no model");
  app.add_option(
      "--report", job.report,
      "Ranges and errors of each layer, as .json or .csv, or as a page to look at: .html; .svg is "
      "the front of sizes alone");
  app.add_option("--memory", job.memory,
                 "MiB for intermediate results (default 2048); the rest goes to a temporary file")
      ->check(CLI::Range(1, 1 << 20));
}

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
