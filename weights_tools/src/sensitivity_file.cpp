// SPDX-License-Identifier: Apache-2.0
// This file keeps what the search for bits has measured between searches.
#include <algorithm>
#include <set>

#include "bit_search.h"

namespace vitq {

namespace {

std::string grain_name(Grain grain) {
  return grain == Grain::kModule ? "module" : "layer";
}

// Records what the sensitivities are of: anything that would change them.
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

std::string bits_name(const Candidate& candidate) {
  std::string name = std::to_string(candidate.weights);
  if (candidate.activations == 0) return name.append(" bits");
  return name.append("a").append(std::to_string(candidate.activations));
}

// Takes the bits that are asked for. A file may have more.
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

Sensitivities kept(const BitBudget& budget, const SearchSpace& space, const SearchInputs& inputs) {
  const Json stored = Json::read(budget.stats_in);
  require_same(stored.at("inputs"), record_of(space, inputs));
  Sensitivities found = Sensitivities::from_json(stored.at("sensitivities"));
  require_layers_of(inputs, found, stored.at("sensitivities"));
  require_equal_choices(found, stored.at("sensitivities"));
  take_candidates(space, inputs.options, found, stored.at("sensitivities"));
  return found;
}

Sensitivities measured(const BitBudget& budget, const SearchSpace& space,
                       const SearchInputs& inputs) {
  Sensitivities found = measure_sensitivities(inputs.network, inputs.calibration, inputs.recipe,
                                              inputs.options, space);
  if (!budget.stats_out.empty()) {
    Json json = Json::object();
    json.set("inputs", record_of(space, inputs)).set("sensitivities", found.to_json());
    write_file(budget.stats_out, json.dump(2) + "\n", budget.overwrite_stats);
  }
  return found;
}

}  // namespace

Sensitivities sensitivities(const BitBudget& budget, const SearchInputs& inputs) {
  SearchSpace space = budget.space;
  space.timed = budget.milliseconds.has_value();
  Sensitivities found =
      budget.stats_in.empty() ? measured(budget, space, inputs) : kept(budget, space, inputs);
  if (space.measures_loss()) fit_losses(found);
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

}  // namespace vitq
