// SPDX-License-Identifier: Apache-2.0
#include "quantize/budget.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "common/args.h"
#include "quantize/layer_rules.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

std::vector<std::string> names_of_scores() {
  const std::vector<std::string_view> names = score_names();
  return {names.begin(), names.end()};
}

// Reads "6", "6a8", or "float".
Candidate read_candidate(const std::string& text) {
  if (text == "float") return {};
  std::string_view rest = text;
  const std::optional<int> weights = take_bits(rest);
  if (weights && rest.empty()) return {*weights, 0};
  if (weights && rest.starts_with('a')) {
    rest.remove_prefix(1);
    const std::optional<int> activations = take_bits(rest);
    if (activations && rest.empty()) return {*weights, *activations};
  }
  throw UsageError("expected bits from " + bits_range() +
                   ", such as 6 or 6a8, or 'float', found '" + text + "'");
}

std::vector<Candidate> read_candidates(const std::vector<std::string>& texts) {
  std::vector<Candidate> bits;
  std::ranges::transform(texts, std::back_inserter(bits), read_candidate);
  std::sort(bits.begin(), bits.end());
  if (bits.front() == Candidate{} || std::ranges::adjacent_find(bits) != bits.end()) {
    throw UsageError("--candidates are several, and not all float");
  }
  return bits;
}

void declare_space(CLI::App& app, BitBudget& budget) {
  app.add_option("--sensitivity", budget.space.score,
                 "What counts: the loss of the answers (measured, the default), or the paper's "
                 "score as it stands (nuclear-norm) or in units of what is perturbed "
                 "(nuclear-norm-relative)")
      ->check(CLI::IsMember(names_of_scores()));
  const std::map<std::string, Grain> grains = {{"layer", Grain::kLayer},
                                               {"module", Grain::kModule}};
  app.add_option(
         "--bits-by", budget.space.grain,
         "What has bits of its own: the weights of each layer (layer, the default), or as in the "
         "paper each attention and each MLP, weights and activations alike (module); activations "
         "apart from weights where --candidates say so")
      ->transform(CLI::CheckedTransformer(grains));
  app.add_option_function<std::vector<std::string>>(
         "--candidates",
         [&budget](const std::vector<std::string>& texts) {
           budget.space.bits = read_candidates(texts);
         },
         "The numbers of bits to choose from, " + bits_range() +
             ", or float (default 4,5,6,7,8); 6a5 are 6 of weights and 5 of activations")
      ->delimiter(',')
      ->trigger_on_parse();
}

}  // namespace

void declare(CLI::App& app, BitBudget& budget) {
  CLI::Option* megabytes =
      app.add_option("--budget-mb", budget.megabytes,
                     "Choose the weights' bits of each layer, so that the file has at most so many "
                     "megabytes (10^6 bytes)")
          ->check(finite_in(1e-15, 1e9));
  CLI::Option* bits =
      app.add_option("--budget-bits", budget.mean_bits, "The same for the mean bits of the weights")
          ->check(CLI::Range(2.0, 32.0))
          ->excludes(megabytes);
  CLI::Option* milliseconds =
      app.add_option("--budget-ms", budget.milliseconds,
                     "The same for the time of one image on one thread of this CPU, as predicted "
                     "from the time of each layer; another CPU has other times")
          ->check(finite_in(1e-15, 1e9))
          ->excludes(megabytes)
          ->excludes(bits);
  app.add_option(
         "--max-drop", budget.max_drop,
         "The smallest file whose answers lose no more than this against the float model's, "
         "on calibration images kept apart: KL divergence in nats, or of features and "
         "regressed values the relative error")
      ->check(finite_in(1e-15, 1e9))
      ->excludes(megabytes)
      ->excludes(bits)
      ->excludes(milliseconds);
  app.add_option("--budget-act-bits", budget.mean_activation_bits,
                 "Beside one of those: at most so many bits of activations on average, each "
                 "layer's as often as it has weights")
      ->check(finite_in(2.0, 32.0));
  app.add_option("--stats-out", budget.stats_out,
                 "Keep what was measured for it, so that another budget takes less time");
  app.add_option("--stats-in", budget.stats_in, "Use what --stats-out has kept");
  declare_space(app, budget);
}

void require_sense(const BitBudget& budget) {
  const SearchSpace usual;
  const bool plain = budget.space.measures_loss() && budget.space.grain == usual.grain &&
                     budget.space.bits == usual.bits && !budget.mean_activation_bits;
  if (!budget.stated() && !(plain && budget.stats_in.empty() && budget.stats_out.empty())) {
    throw UsageError(
        "--stats-in, --stats-out, --sensitivity, --bits-by, --candidates and --budget-act-bits are "
        "for --budget-mb, --budget-bits, --budget-ms, --max-drop");
  }
  if (budget.max_drop && budget.mean_activation_bits) {
    throw UsageError("--budget-act-bits does not go with --max-drop");
  }
  if (budget.space.measures_loss()) return;
  if (budget.space.grain != Grain::kModule) {
    throw UsageError("the paper's score is of modules: it takes --bits-by module");
  }
  if (budget.max_drop) throw UsageError("--max-drop takes --sensitivity measured");
}

}  // namespace vitq::apps
