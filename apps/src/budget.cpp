// SPDX-License-Identifier: Apache-2.0
#include "budget.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "args.h"
#include "table.h"
#include "vitq/error.h"
#include "vitq/pareto.h"

namespace vitq::apps {

namespace {

using Assignment = std::vector<std::size_t>;  // of each layer, the index of its choice

constexpr double kMega = 1e6;

std::string expression_of(const std::string& layer) {
  std::string pattern = "^";
  for (const char c : layer) {
    if (std::string_view(".^$|()[]{}*+?\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + '$';
}

Json rule_to_json(const LayerRule& rule) {
  Json json = Json::object();
  json.set("layers", rule.pattern);
  return json.set("bits", rule.bits ? Json("w" + std::to_string(rule.bits->weights) + "a" +
                                           std::to_string(rule.bits->activations))
                                    : Json("keep"));
}

// What the sensitivities are of: anything that would change them.
Json record_of(const SearchInputs& inputs) {
  Json rules = Json::array();
  for (const LayerRule& rule : inputs.options.rules) rules.push(rule_to_json(rule));
  Json json = Json::object();
  json.set("model", digest_of({&inputs.model, 1})).set("calibration", inputs.calibration.digest);
  json.set("images", inputs.calibration.count).set("recipe", inputs.recipe.json);
  json.set("act_bits", inputs.options.bits.activations).set("rules", std::move(rules));
  return json;
}

void require_same(const Json& stored, const Json& wanted) {
  for (const auto& [key, value] : wanted.members()) {
    if (stored.at(key).dump() == value.dump()) continue;
    stored.at(key).fail("measured from another '" + key + "' than is given now; measure anew, " +
                        "without --stats-in");
  }
}

// Sizes and losses of whole assignments.
class Search {
 public:
  Search(const BudgetJob& job, const SearchInputs& inputs, const Sensitivities& found,
         std::int64_t rest)
      : job_(job), inputs_(inputs), found_(found), rest_(rest), front_(choices()) {}

  BitsChoice run() {
    const Assignment best = job_.max_drop ? smallest() : within_budget();
    return {rules_of(best), trade_off(best), note_};
  }

 private:
  const BitsLoss& choice(std::size_t layer, std::size_t index) const {
    return found_.layers[layer].choices[index];
  }
  std::int64_t cost(const Sensitivities::Layer& layer, const BitsLoss& loss) const {
    return job_.mean_bits ? loss.bits * layer.weights : loss.bytes;
  }

  std::vector<std::vector<Choice>> choices() const {
    std::vector<std::vector<Choice>> all;
    for (const Sensitivities::Layer& layer : found_.layers) {
      all.emplace_back();
      for (const BitsLoss& loss : layer.choices) all.back().push_back({cost(layer, loss), loss.kl});
    }
    return all;
  }

  double limit() const {
    if (job_.megabytes) return *job_.megabytes * kMega - static_cast<double>(rest_);
    double weights = 0.0;
    for (const Sensitivities::Layer& layer : found_.layers) {
      weights += static_cast<double>(layer.weights);
    }
    return *job_.mean_bits * weights;
  }

  Assignment within_budget() {
    const double most = limit();
    const auto point = front_.within(static_cast<std::int64_t>(std::floor(most)));
    if (!point) refuse();
    Assignment best = front_.assignment(*point);
    const double kl = judged(best);
    note_ = "bits by layer: KL " + significant(kl, 3) + " on pictures kept apart";
    if (const auto plain = largest_uniform(most)) {
      const BitsLoss& uniform = found_.uniform[*plain];
      note_ +=
          "; " + std::to_string(uniform.bits) + " bits everywhere: " + significant(uniform.kl, 3);
      if (uniform.kl <= kl) best.assign(found_.layers.size(), *plain);
    }
    return best;
  }

  [[noreturn]] void refuse() const {
    const double least = static_cast<double>(front_.points().front().cost);
    if (job_.mean_bits) throw UnsupportedError("the fewest bits that there are is 4");
    throw UnsupportedError("the smallest file there can be has " +
                           fixed((least + static_cast<double>(rest_)) / kMega, 3) +
                           " MB, more than the budget");
  }

  // Losses are measured one layer at a time: together they come to more. So the sum that is
  // allowed shrinks until the judging pictures agree.
  Assignment smallest() {
    double allowed = *job_.max_drop;
    for (int attempt = 0; attempt < 5; ++attempt) {
      const auto& points = front_.points();
      const auto point = std::ranges::find_if(
          points, [&](const ParetoFront::Point& p) { return p.loss <= allowed; });
      if (point == points.end()) break;
      const Assignment best = front_.assignment(static_cast<std::size_t>(point - points.begin()));
      const double kl = judged(best);
      note_ = "bits by layer: KL " + significant(kl, 3) + " on pictures kept apart";
      if (kl <= *job_.max_drop) return best;
      allowed *= 0.95 * *job_.max_drop / kl;
    }
    throw UnsupportedError("no assignment of 4 to 8 bits keeps a KL of " +
                           significant(*job_.max_drop, 3) + "; 8 bits everywhere have " +
                           significant(found_.uniform.back().kl, 3));
  }

  // The index of the most bits that all layers can have.
  std::optional<std::size_t> largest_uniform(double most) const {
    std::optional<std::size_t> largest;
    for (std::size_t i = 0; i < found_.uniform.size(); ++i) {
      std::int64_t sum = 0;
      for (const Sensitivities::Layer& layer : found_.layers) sum += cost(layer, layer.choices[i]);
      if (static_cast<double>(sum) <= most) largest = i;
    }
    return largest;
  }

  std::vector<LayerRule> rules_of(const Assignment& assignment) const {
    std::vector<LayerRule> rules;
    for (std::size_t l = 0; l < assignment.size(); ++l) {
      const Bits bits = {choice(l, assignment[l]).bits, inputs_.options.bits.activations};
      rules.push_back({expression_of(found_.layers[l].name), bits});
    }
    return rules;
  }

  double judged(const Assignment& assignment) const {
    QuantizeOptions options = inputs_.options;
    const std::vector<LayerRule> rules = rules_of(assignment);
    options.rules.insert(options.rules.end(), rules.begin(), rules.end());
    return judged_kl(inputs_.network, inputs_.calibration, inputs_.recipe, options);
  }

  TradeOff::Point point_of(const Assignment& assignment, std::string label) const {
    TradeOff::Point point = {std::move(label), static_cast<double>(rest_), 0.0};
    for (std::size_t l = 0; l < assignment.size(); ++l) {
      point.bytes += static_cast<double>(choice(l, assignment[l]).bytes);
      point.kl += choice(l, assignment[l]).kl;
    }
    return point;
  }

  TradeOff trade_off(const Assignment& chosen) const {
    constexpr std::size_t kDrawn = 60;
    TradeOff result;
    const std::size_t count = front_.points().size();
    const std::size_t drawn = std::min(count, kDrawn);
    for (std::size_t i = 0; i < drawn; ++i) {
      const std::size_t point = drawn == 1 ? 0 : i * (count - 1) / (drawn - 1);
      result.front.push_back(point_of(front_.assignment(point), ""));
    }
    for (std::size_t i = 0; i < found_.uniform.size(); ++i) {
      result.uniform.push_back(point_of(Assignment(found_.layers.size(), i),
                                        "W" + std::to_string(found_.uniform[i].bits)));
    }
    result.chosen = point_of(chosen, "chosen");
    for (std::size_t l = 0; l < chosen.size(); ++l) {
      const BitsLoss& loss = choice(l, chosen[l]);
      result.sensitivities.push_back({found_.layers[l].name, loss.bits, loss.kl});
    }
    return result;
  }

  const BudgetJob& job_;
  const SearchInputs& inputs_;
  const Sensitivities& found_;
  std::int64_t rest_;
  ParetoFront front_;
  std::string note_;
};

void require_layers_of(const SearchInputs& inputs, const Sensitivities& found, const Json& place) {
  std::set<std::string> names;
  for (const LayerPlan& layer : plan_layers(inputs.network, inputs.recipe, inputs.options)) {
    if (!layer.attention) names.insert(layer.name);
  }
  for (const Sensitivities::Layer& layer : found.layers) {
    if (names.erase(layer.name) == 1) continue;
    place.fail("'" + layer.name + "' is no layer of the model, or occurs twice");
  }
}

void require_equal_choices(const Sensitivities& found, const Json& place) {
  for (const Sensitivities::Layer& layer : found.layers) {
    const bool same =
        std::ranges::equal(layer.choices, found.uniform,
                           [](const BitsLoss& a, const BitsLoss& b) { return a.bits == b.bits; });
    if (!same) place.fail("the layer '" + layer.name + "' has other bits than all together");
  }
}

}  // namespace

void declare(CLI::App& app, BudgetJob& job) {
  CLI::Option* megabytes =
      app.add_option("--budget-mb", job.megabytes,
                     "Choose the weights' bits of each layer, so that the file has at most so many "
                     "megabytes (10^6 bytes)")
          ->check(CLI::PositiveNumber);
  CLI::Option* bits =
      app.add_option("--budget-bits", job.mean_bits, "The same for the mean bits of the weights")
          ->check(CLI::Range(4.0, 8.0))
          ->excludes(megabytes);
  app.add_option("--max-drop", job.max_drop,
                 "The smallest file whose answers have no larger KL divergence from the float "
                 "model's than this, in nats, on calibration pictures kept apart")
      ->check(CLI::PositiveNumber)
      ->excludes(megabytes)
      ->excludes(bits);
  app.add_option("--stats-out", job.stats_out,
                 "Keep what was measured for it, so that another budget takes less time");
  app.add_option("--stats-in", job.stats_in, "Use what --stats-out has kept");
}

Sensitivities sensitivities(const BudgetJob& job, const SearchInputs& inputs, Overwrite overwrite) {
  const Json record = record_of(inputs);
  if (!job.stats_in.empty()) {
    const Json stored = Json::read(job.stats_in);
    require_same(stored.at("inputs"), record);
    const Sensitivities found = Sensitivities::from_json(stored.at("sensitivities"));
    require_layers_of(inputs, found, stored.at("sensitivities"));
    require_equal_choices(found, stored.at("sensitivities"));
    return found;
  }
  Sensitivities found =
      measure_sensitivities(inputs.network, inputs.calibration, inputs.recipe, inputs.options);
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
  Json rules = Json::array();
  for (const LayerRule& rule : inputs.options.rules) rules.push(rule_to_json(rule));
  for (const Sensitivities::Layer& layer : found.layers) {
    rules.push(rule_to_json({expression_of(layer.name), Bits{4, 8}}));
  }
  record.set("recipe", inputs.recipe.json).set("rules", std::move(rules));
  constexpr std::int64_t kTheRecordsOtherMembers = 400;
  const std::string as_metadata = Json(record.dump()).dump();
  return found.rest_bytes + static_cast<std::int64_t>(as_metadata.size()) + kTheRecordsOtherMembers;
}

BitsChoice choose_bits(const BudgetJob& job, const SearchInputs& inputs, const Sensitivities& found,
                       std::int64_t rest) {
  return Search(job, inputs, found, rest).run();
}

}  // namespace vitq::apps
