// SPDX-License-Identifier: Apache-2.0
#include "quantize/run.h"

#include <chrono>
#include <iostream>

#include "common/args.h"
#include "common/failures.h"
#include "common/progress.h"
#include "quantize/calibration_images.h"
#include "quantize/html_report.h"
#include "quantize/layer_rules.h"
#include "quantize/report.h"
#include "quantize/trade_off_charts.h"
#include "vitq/error.h"
#include "vitq/model_file.h"
#include "vitq/quantize_model.h"

namespace vitq::apps {

namespace {

namespace fs = std::filesystem;

QuantizeModelOptions options_of(const QuantizeJob& job, const Recipe& recipe) {
  const Bits bits = {job.weight_bits.value_or(recipe.bits.weights),
                     job.activation_bits.value_or(recipe.bits.activations)};
  QuantizeModelOptions options = {.recipe = recipe, .bits = bits};
  if (!job.policy.empty()) options.rules = rules_from_json(Json::read(job.policy));
  options.rules.insert(options.rules.end(), job.rules.begin(), job.rules.end());
  if (job.budget.stated()) {
    options.budget = job.budget;
    options.budget->overwrite_stats = job.overwrite;
  }
  options.image_limits = job.image_limits;
  options.integer_only = job.integer_only;
  options.limit = job.limit;
  options.generate_images = job.calibration.empty();
  options.seed = job.seed;
  options.threads = job.threads;
  options.memory_bytes = job.memory << 20;
  return options;
}

std::string progress_text(const vitq::Progress& progress) {
  std::string text = std::to_string(progress.index + 1) + "/" + std::to_string(progress.count) +
                     " layers  " + progress.layer + "  " + clock_time(progress.seconds);
  if (progress.index > 0) text += ", " + clock_time(progress.seconds_left) + " left";
  return text;
}

// Shows progress while `work` runs. A budget out of reach is a wrong command line.
template <typename Work>
auto with_progress(QuantizeModelOptions options, const Work& work) {
  const StatusLine status;
  options.progress = [&status](const vitq::Progress& p) { status.show(progress_text(p)); };
  try {
    return work(options);
  } catch (const BudgetError& error) {
    throw UsageError(error.what());
  }
}

void write_report(const QuantizeJob& job, const QuantizedModel& made, const QuantizeFacts& facts) {
  const ReportFormat format = report_format(job.report);
  std::string text;
  if (format == ReportFormat::kHtml) {
    text = html_report(made, facts, made.trade_off);
  } else if (format == ReportFormat::kSvg) {
    text = front_file(*made.trade_off);
  } else {
    text = report_text(made, format);
  }
  write_file(job.report, text, job.overwrite);
}

// Answers the images that are calibrated on, and says what is doubtful about them.
std::vector<fs::path> chosen_images(const QuantizeJob& job, Failures& failures) {
  if (job.calibration.empty()) return {};
  const std::vector<fs::path> all = calibration_images(job.calibration, job.keep_going);
  std::vector<fs::path> chosen;
  for (const std::size_t i : sample(all.size(), job.limit, job.seed)) chosen.push_back(all[i]);
  if (job.keep_going) chosen = readable(chosen, job.image_limits, failures);
  if (chosen.empty()) {
    failures.tell("vit_quantize", failures.count());
    throw FileError(Fault::kUnreadable, job.calibration.string(), "no image can be read");
  }
  std::cerr << doubts_about(chosen, job.image_limits);
  return chosen;
}

}  // namespace

int run(const QuantizeJob& job) {
  const Recipe recipe = find_recipe(job.recipe);
  if (job.print_recipe) {
    std::cout << recipe.json.dump(2) << '\n';
    return kOk;
  }
  require_sense(job);
  const QuantizeModelOptions options = options_of(job, recipe);
  Failures failures;
  const std::vector<fs::path> images = chosen_images(job, failures);
  if (job.dry_run) {
    const ModelPlan plan = with_progress(
        options, [&](const auto& asked) { return plan_model(job.model, images, asked); });
    std::cout << plan_text(plan.layers, read_safetensors(job.model));
    if (!plan.note.empty()) std::cout << plan.note << '\n';
    return failures.tell("vit_quantize", images.size() + failures.count());
  }
  const auto start = std::chrono::steady_clock::now();
  const QuantizedModel made = with_progress(
      options, [&](const auto& asked) { return quantize_model(job.model, images, asked); });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (!made.note.empty()) std::cerr << made.note << '\n';
  write_model(job.output, made.info, made.weights, job.overwrite);
  const QuantizeFacts facts = {job.model, job.output, job.command, seconds.count()};
  if (!job.report.empty()) write_report(job, made, facts);
  std::cerr << summary_text(facts, made);
  return failures.tell("vit_quantize", images.size() + failures.count());
}

}  // namespace vitq::apps
