// SPDX-License-Identifier: Apache-2.0
#include "quantize/budget.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <set>

#include "common/args.h"
#include "quantize/layer_rules.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

std::string grain_name(Grain grain) {
  return grain == Grain::kModule ? "module" : "layer";
}

// The record has anything that would change the sensitivities.
Json record_of(const SearchSpace& space, const SearchInputs& inputs) {
  Json json = Json::object();
  json.set("model", digest_of({&inputs.model, 1})).set("calibration", inputs.calibration.digest);
  json.set("images", inputs.calibration.count).set("recipe", inputs.recipe.json);
  json.set("act_bits", inputs.options.bits.activations)
      .set("rules", rules_to_json(inputs.options.rules));
  json.set("sensitivity", space.score).set("bits_by", grain_name(space.grain));
  return space.timed ? json.set("cpu", this_cpu()) : json;
}

void require_same(const Json& stored, const Json& wanted) {
  for (const auto& [key, value] : wanted.members()) {
    if (key == "cpu" && !stored.contains("cpu")) {
      stored.fail("without times; measure anew, with --budget-ms and without --stats-in");
    }
    if (stored.at(key).dump() == value.dump()) continue;
    stored.at(key).fail("measured from another '" + key + "' than is given now; measure anew, " +
                        "without --stats-in");
  }
}

void require_layers_of(const SearchInputs& inputs, const Sensitivities& found, const Json& place) {
  std::set<std::string> names;
  for (const LayerPlan& layer : plan_layers(inputs.network, inputs.recipe, inputs.options)) {
    names.insert(layer.name);
  }
  for (const Sensitivities::Group& group : found.groups) {
    for (const std::string& layer : group.layers) {
      if (names.erase(layer) == 1) continue;
      place.fail("'" + layer + "' is no layer of the model, or occurs twice");
    }
  }
}

void require_equal_choices(const Sensitivities& found, const Json& place) {
  for (const Sensitivities::Group& group : found.groups) {
    const bool same =
        std::ranges::equal(group.choices, found.uniform,
                           [](const BitsLoss& a, const BitsLoss& b) { return a.bits == b.bits; });
    if (!same) place.fail("'" + group.name + "' has other bits than all together");
  }
}

std::vector<std::string> names_of_scores() {
  const std::vector<std::string_view> names = score_names();
  return {names.begin(), names.end()};
}

// Reads "6", "6a8", or "float".
Candidate read_candidate(const std::string& text) {
  if (text == "float") return {};
  const auto fits = [&text](std::size_t i) {
    return text[i] - '0' >= kMinBits && text[i] - '0' <= kMaxBits;
  };
  const bool pair = text.size() == 3 && text[1] == 'a' && fits(2);
  if ((text.size() != 1 && !pair) || !fits(0)) {
    throw UsageError("expected bits from " + bits_range() +
                     ", such as 6 or 6a8, or 'float', found '" + text + "'");
  }
  return {text[0] - '0', pair ? text[2] - '0' : 0};
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

void declare_space(CLI::App& app, BudgetJob& job) {
  app.add_option(
         "--sensitivity", job.space.score,
         "What counts: the divergence of the answers (measured, the default), or the paper's "
         "score as it stands (nuclear-norm) or in units of what is perturbed "
         "(nuclear-norm-relative)")
      ->check(CLI::IsMember(names_of_scores()));
  const std::map<std::string, Grain> grains = {{"layer", Grain::kLayer},
                                               {"module", Grain::kModule}};
  app.add_option(
         "--bits-by", job.space.grain,
         "What has bits of its own: the weights of each layer (layer, the default), or as in the "
         "paper each attention and each MLP, weights and activations alike (module); activations "
         "apart from weights where --candidates say so")
      ->transform(CLI::CheckedTransformer(grains));
  app.add_option_function<std::vector<std::string>>(
         "--candidates",
         [&job](const std::vector<std::string>& texts) { job.space.bits = read_candidates(texts); },
         "The numbers of bits to choose from, " + bits_range() +
             ", or float (default 4,5,6,7,8); 6a5 are 6 of weights and 5 of activations")
      ->delimiter(',')
      ->trigger_on_parse();
  app.add_flag("--unjudged", job.unjudged,
               "Take the best sum as it is. Otherwise the same bits everywhere are taken where "
               "images kept apart find those better");
}

std::string bits_name(const Candidate& candidate) {
  std::string name = std::to_string(candidate.weights);
  if (candidate.activations == 0) return name.append(" bits");
  return name.append("a").append(std::to_string(candidate.activations));
}

// Keeps those of the bits that are asked for. A file may have more.
void take_candidates(const SearchSpace& space, const QuantizeOptions& options, Sensitivities& found,
                     const Json& place) {
  std::vector<std::optional<Bits>> asked;
  for (const Candidate& candidate : space.bits) {
    asked.push_back(bits_of(candidate, options, space.grain));
    if (std::ranges::find(found.uniform, asked.back(), &BitsLoss::bits) != found.uniform.end()) {
      continue;
    }
    place.fail(bits_name(candidate) + " have not been measured; measure anew, without --stats-in");
  }
  const auto unasked = [&](const BitsLoss& choice) {
    return std::ranges::find(asked, choice.bits) == asked.end();
  };
  std::erase_if(found.uniform, unasked);
  for (Sensitivities::Group& group : found.groups) std::erase_if(group.choices, unasked);
}

}  // namespace

void declare(CLI::App& app, BudgetJob& job) {
  CLI::Option* megabytes =
      app.add_option("--budget-mb", job.megabytes,
                     "Choose the weights' bits of each layer, so that the file has at most so many "
                     "megabytes (10^6 bytes)")
          ->check(finite_in(1e-15, 1e9));
  CLI::Option* bits =
      app.add_option("--budget-bits", job.mean_bits, "The same for the mean bits of the weights")
          ->check(CLI::Range(2.0, 32.0))
          ->excludes(megabytes);
  CLI::Option* milliseconds =
      app.add_option("--budget-ms", job.milliseconds,
                     "The same for the time of one image on one thread of this CPU, as predicted "
                     "from the time of each layer; another CPU has other times")
          ->check(finite_in(1e-15, 1e9))
          ->excludes(megabytes)
          ->excludes(bits);
  app.add_option("--max-drop", job.max_drop,
                 "The smallest file whose answers have no larger KL divergence from the float "
                 "model's than this, in nats, on calibration images kept apart")
      ->check(finite_in(1e-15, 1e9))
      ->excludes(megabytes)
      ->excludes(bits)
      ->excludes(milliseconds);
  app.add_option("--budget-act-bits", job.mean_activation_bits,
                 "Beside one of those: at most so many bits of activations on average, each "
                 "layer's as often as it has weights")
      ->check(finite_in(2.0, 32.0));
  app.add_option("--stats-out", job.stats_out,
                 "Keep what was measured for it, so that another budget takes less time");
  app.add_option("--stats-in", job.stats_in, "Use what --stats-out has kept");
  declare_space(app, job);
}

void require_sense(const BudgetJob& job) {
  const SearchSpace usual;
  const bool plain = job.space.score == usual.score && job.space.grain == usual.grain &&
                     job.space.bits == usual.bits && !job.unjudged && !job.mean_activation_bits;
  if (!job.stated() && !(plain && job.stats_in.empty() && job.stats_out.empty())) {
    throw UsageError(
        "--stats-in, --stats-out, --sensitivity, --bits-by, --candidates, --budget-act-bits and "
        "--unjudged are for --budget-mb, --budget-bits, --budget-ms, --max-drop");
  }
  if (job.max_drop && job.mean_activation_bits) {
    throw UsageError("--budget-act-bits does not go with --max-drop");
  }
  if (job.space.score == usual.score) return;
  if (job.space.grain != Grain::kModule) {
    throw UsageError("the paper's score is of modules: it takes --bits-by module");
  }
  if (job.max_drop) throw UsageError("--max-drop takes --sensitivity measured");
}

Sensitivities sensitivities(const BudgetJob& job, const SearchInputs& inputs, Overwrite overwrite) {
  SearchSpace space = job.space;
  space.timed = job.milliseconds.has_value();
  const Json record = record_of(space, inputs);
  if (!job.stats_in.empty()) {
    const Json stored = Json::read(job.stats_in);
    require_same(stored.at("inputs"), record);
    Sensitivities found = Sensitivities::from_json(stored.at("sensitivities"));
    require_layers_of(inputs, found, stored.at("sensitivities"));
    require_equal_choices(found, stored.at("sensitivities"));
    take_candidates(space, inputs.options, found, stored.at("sensitivities"));
    return found;
  }
  Sensitivities found = measure_sensitivities(inputs.network, inputs.calibration, inputs.recipe,
                                              inputs.options, space);
  if (!job.stats_out.empty()) {
    Json json = Json::object();
    json.set("inputs", record).set("sensitivities", found.to_json());
    write_file(job.stats_out, json.dump(2) + "\n", overwrite);
  }
  return found;
}

std::int64_t rest_bytes(const Sensitivities& found, const SearchInputs& inputs,
                        const ModelInfo& info) {
  Json record = info.to_json();
  std::vector<LayerRule> rules = inputs.options.rules;
  for (const Sensitivities::Group& group : found.groups) {
    for (const std::string& layer : group.layers) rules.push_back(rule_for(layer, Bits{4, 8}));
  }
  record.set("recipe", inputs.recipe.json).set("rules", rules_to_json(rules));
  constexpr std::int64_t kTheRecordsOtherMembers = 400;
  const std::string as_metadata = Json(record.dump()).dump();
  return found.rest_bytes + static_cast<std::int64_t>(as_metadata.size()) + kTheRecordsOtherMembers;
}

}  // namespace vitq::apps
