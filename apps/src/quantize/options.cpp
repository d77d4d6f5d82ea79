// SPDX-License-Identifier: Apache-2.0
#include "quantize/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "common/args.h"
#include "common/image_inputs.h"
#include "common/output.h"
#include "common/table.h"
#include "quantize/layer_rules.h"
#include "quantize/report.h"
#include "vitq/error.h"

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

std::string names_of_recipes() {
  const std::vector<std::string_view> names = recipe_names();
  return listed({names.begin(), names.end()});
}

void declare_calibration(CLI::App& app, QuantizeJob& job) {
  app.add_option(
      "--calib", job.calibration,
      "Images like those that the network will see: a folder (with those below it), "
      "or a text file that names them, one a line, relative to itself. A detector takes "
      "each at the size that it has in vit_infer. Without it the images are generated, which "
      "costs some accuracy");
  app.add_option("--limit", job.limit,
                 "At most so many images, spread evenly over all; or so many generated ones "
                 "(default 128)")
      ->check(CLI::Range(1, 1'000'000));
  add_image_limits(app, job.image_limits);
  app.add_option("--seed", job.seed, "Choose the images at random, from this number");
  app.add_flag("--keep-going", job.keep_going,
               "Leave out images that cannot be read, name them at the end, and exit with 1");
}

// They are triggered as they are read, because their order counts.
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

void require_sense(const QuantizeJob& job) {
  if (job.model.empty()) throw UsageError("MODEL is missing (see --help)");
  if (job.calibration.empty() && (job.seed || job.keep_going)) {
    throw UsageError(
        "--seed and --keep-going are for images of --calib; without it they are generated");
  }
  const BitBudget& budget = job.budget;
  if (!job.report.empty() && report_format(job.report) == ReportFormat::kSvg && !budget.stated()) {
    throw UsageError("a report as .svg is the front of sizes: it takes a budget");
  }
  require_sense(budget);
  require_apart(job);
  if (job.dry_run && !job.report.empty()) throw UsageError("--dry-run makes no --report");
  if (job.dry_run && !budget.stated()) return;
  if (job.output.empty() && !job.dry_run)
    throw UsageError("no output is named: -o FILE, or --dry-run");
  require_writable(job.output, job.overwrite);
  require_writable(job.report, job.overwrite);
  require_writable(budget.stats_out, job.overwrite);
}

Recipe find_recipe(const std::string& name) {
  if (name.ends_with(".json")) return recipe_from_json(Json::read(name));
  const std::vector<std::string_view> names = recipe_names();
  if (std::find(names.begin(), names.end(), name) != names.end()) return recipe_named(name);
  throw UsageError("there is no recipe '" + name + "'; there are: " + names_of_recipes() +
                   ", and files that end in .json");
}

void declare(CLI::App& app, QuantizeJob& job) {
  app.add_option("MODEL", job.model, "The float model file");
  app.add_option("-o,--output", job.output, "The model file to write");
  declare_calibration(app, job);
  app.add_option(
      "--recipe", job.recipe,
      "How: " + names_of_recipes() + " (default: default), or a file that ends in .json");
  app.add_flag("--print-recipe", job.print_recipe,
               "Show the recipe as JSON, to start one of your own from, and exit");
  auto* weights = app.add_option("--weight-bits", job.weight_bits,
                                 "Bits of the weights, " + bits_range() +
                                     " (default: the recipe's, as a rule 7). More than 8 take two "
                                     "products of integers or four")
                      ->check(CLI::Range(kMinBits, kMaxBits));
  app.add_option(
         "--act-bits", job.activation_bits,
         "Bits of the activations, " + bits_range() + " (default: the recipe's, as a rule 8)")
      ->check(CLI::Range(kMinBits, kMaxBits));
  declare(app, job.budget);
  for (const char* budget : {"--budget-mb", "--budget-bits", "--budget-ms", "--max-drop"}) {
    weights->excludes(app.get_option(budget));
  }
  declare_rules(app, job);
  app.add_flag("--integer-only", job.integer_only,
               "From pixels to logits the model computes on integers alone: norms, softmax and "
               "activation functions as well. No layer stays in float");
  app.add_flag("--dry-run", job.dry_run, "Show the layers, their bits and sizes; write no model");
  app.add_option(
      "--report", job.report,
      "Ranges and errors of each layer, as .json or .csv, or as a page to look at: .html; .svg is "
      "the front of sizes alone");
  app.add_option("--memory", job.memory,
                 "MiB for intermediate results (default 2048); the rest goes to a temporary file")
      ->check(CLI::Range(1, 1 << 20));
}

}  // namespace vitq::apps
