// SPDX-License-Identifier: Apache-2.0
// This file searches bits within a budget, once it is known what they cost and lose.
#include "bit_search.h"

#include <algorithm>
#include <cmath>

#include "numbers.h"
#include "vitq/pareto.h"

namespace vitq {

namespace {

using Assignment = std::vector<std::size_t>;  // of each group, the index of its choice

constexpr double kMega = 1e6;
constexpr double kNano = 1e6;  // of a millisecond
constexpr double kRounding = 1e-9;

int activation_bits(const BitsLoss& choice) {
  return choice.bits ? choice.bits->activations : kFloatBits;
}

// It knows the sizes and losses of whole assignments.
class Search {
 public:
  Search(const BitBudget& budget, const SearchInputs& inputs, const Sensitivities& found,
         std::int64_t rest)
      : budget_(budget), inputs_(inputs), found_(found), rest_(rest), front_(choices()) {}

  BitsChoice run() {
    const Assignment best = budget_.max_drop ? smallest() : within_budget();
    if (budget_.milliseconds) add_time(best);
    return {rules_of(best), trade_off(best), note_};
  }

 private:
  bool has_pairs() const {
    return std::ranges::any_of(budget_.space.bits,
                               [](const Candidate& c) { return c.activations > 0; });
  }
  std::string label_of(const BitsLoss& choice) const {
    if (!choice.bits) return "float";
    std::string label = "W" + std::to_string(choice.bits->weights);
    if (has_pairs()) label.append("A").append(std::to_string(choice.bits->activations));
    return label;
  }
  std::string bits_name(const BitsLoss& choice) const {
    if (!choice.bits || has_pairs()) return label_of(choice);
    return std::to_string(choice.bits->weights) + " bits";
  }

  const BitsLoss& choice(std::size_t layer, std::size_t index) const {
    return found_.groups[layer].choices[index];
  }
  std::int64_t cost(const Sensitivities::Group& group, const BitsLoss& loss) const {
    if (budget_.milliseconds) return loss.nanoseconds;
    return budget_.mean_bits ? bits_of(loss) * group.weights : loss.bytes;
  }

  std::vector<std::vector<Choice>> choices() const {
    std::vector<std::vector<Choice>> all;
    for (const Sensitivities::Group& group : found_.groups) {
      all.emplace_back();
      for (const BitsLoss& choice : group.choices) {
        const std::int64_t activations = activation_bits(choice) * group.weights;
        all.back().push_back({cost(group, choice), choice.loss, static_cast<double>(activations)});
      }
    }
    return all;
  }

  double weights() const {
    double sum = 0.0;
    for (const Sensitivities::Group& group : found_.groups) {
      sum += static_cast<double>(group.weights);
    }
    return sum;
  }

  double mean_activation_bits(const Assignment& assignment) const {
    std::int64_t sum = 0;
    for (std::size_t l = 0; l < assignment.size(); ++l) {
      sum += activation_bits(choice(l, assignment[l])) * found_.groups[l].weights;
    }
    return static_cast<double>(sum) / weights();
  }
  bool keeps_activations(const Assignment& assignment) const {
    return !budget_.mean_activation_bits ||
           mean_activation_bits(assignment) <= *budget_.mean_activation_bits * (1.0 + kRounding);
  }

  double limit() const {
    if (budget_.milliseconds) {
      return *budget_.milliseconds * kNano - static_cast<double>(found_.rest_nanoseconds);
    }
    if (budget_.megabytes) return *budget_.megabytes * kMega - static_cast<double>(rest_);
    return *budget_.mean_bits * weights();
  }

  Assignment best_within(double max) {
    const auto cost = static_cast<std::int64_t>(std::floor(max));
    if (budget_.mean_activation_bits) {
      front_ = priced_front(choices(), cost,
                            *budget_.mean_activation_bits * (1.0 + kRounding) * weights());
    }
    const auto point = front_.within(cost);
    if (!point) refuse();
    const Assignment best = front_.assignment(*point);
    if (!keeps_activations(best)) refuse_activations(best);
    return best;
  }

  [[noreturn]] void refuse_activations(const Assignment& fewest) const {
    throw BudgetError("the fewest bits of activations within the budget are " +
                      with_decimals(mean_activation_bits(fewest), 2) + " on average");
  }

  std::string loss_name() const { return std::string(name_of(inputs_.network.loss)); }
  std::string axis_name() const {
    return budget_.space.measures_loss() ? loss_name() : "score " + budget_.space.score;
  }

  double sum_of_losses(const Assignment& assignment) const {
    double sum = 0.0;
    for (std::size_t l = 0; l < assignment.size(); ++l) sum += choice(l, assignment[l]).loss;
    return sum;
  }

  Assignment within_budget() {
    const double max = limit();
    const Assignment best = best_within(max);
    note_ = "bits by layer: " + axis_name() + " " + with_digits(sum_of_losses(best), 3);
    if (const auto plain = best_uniform(max)) {
      note_ += "; " + bits_name(found_.uniform[*plain]) +
               " everywhere: " + with_digits(sum_of_losses(everywhere(*plain)), 3);
    }
    note_ += " (what each layer loses alone, added up)";
    return best;
  }

  [[noreturn]] void refuse() const {
    const double min = static_cast<double>(front_.points().front().cost);
    if (budget_.mean_bits) {
      throw BudgetError("the fewest bits that there are is " +
                        std::to_string(bits_of(found_.uniform.front())));
    }
    if (budget_.milliseconds) {
      throw BudgetError(
          "the least time there can be is " +
          with_decimals((min + static_cast<double>(found_.rest_nanoseconds)) / kNano, 3) +
          " ms an image" + on_this_cpu() + ", more than the budget");
    }
    throw BudgetError("the smallest file there can be has " +
                      with_decimals((min + static_cast<double>(rest_)) / kMega, 3) +
                      " MB, more than the budget");
  }

  std::string on_this_cpu() const {
    const std::size_t count = found_.groups.size();
    const auto faster = std::ranges::count_if(found_.groups, gains_by_fewer_bits);
    return " on one thread of this CPU (" + found_.cpu + "), where fewer bits are faster in " +
           std::to_string(faster) + " of " + std::to_string(count) + " layers";
  }

  static bool gains_by_fewer_bits(const Sensitivities::Group& group) {
    const auto is_integer = [](const BitsLoss& choice) { return choice.bits.has_value(); };
    const auto last = std::find_if(group.choices.rbegin(), group.choices.rend(), is_integer);
    return last != group.choices.rend() && group.choices.front().nanoseconds < last->nanoseconds;
  }

  void add_time(const Assignment& assignment) {
    auto sum = static_cast<double>(found_.rest_nanoseconds);
    for (std::size_t l = 0; l < assignment.size(); ++l) {
      sum += static_cast<double>(choice(l, assignment[l]).nanoseconds);
    }
    if (!note_.empty()) note_ += '\n';
    note_ += "about " + with_decimals(sum / kNano, 3) + " ms an image" + on_this_cpu();
  }

  // Losses are measured one layer at a time, and together they come to more. So the sum that is
  // allowed shrinks until the judging images agree.
  Assignment smallest() {
    double allowed = *budget_.max_drop;
    for (int attempt = 0; attempt < 5; ++attempt) {
      const auto& points = front_.points();
      const auto point = std::ranges::find_if(
          points, [&](const ParetoFront::Point& p) { return p.loss <= allowed; });
      if (point == points.end()) break;
      const Assignment best = front_.assignment(static_cast<std::size_t>(point - points.begin()));
      const double loss = judged(best);
      note_ =
          "bits by layer: " + loss_name() + " " + with_digits(loss, 3) + " on images kept apart";
      if (loss <= *budget_.max_drop) return best;
      allowed *= 0.95 * *budget_.max_drop / loss;
    }
    const BitsLoss& max = found_.uniform.back();
    throw BudgetError("no assignment of " + std::to_string(bits_of(found_.uniform.front())) +
                      " to " + bits_name(max) + " keeps a " + loss_name() + " of " +
                      with_digits(*budget_.max_drop, 3) + "; " + bits_name(max) +
                      " everywhere have " + with_digits(max.loss, 3));
  }

  Assignment everywhere(std::size_t index) const { return Assignment(found_.groups.size(), index); }

  // Answers the index of the bits that lose least of those that all layers can have.
  std::optional<std::size_t> best_uniform(double max) const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < found_.uniform.size(); ++i) {
      std::int64_t sum = 0;
      for (const Sensitivities::Group& group : found_.groups) sum += cost(group, group.choices[i]);
      if (static_cast<double>(sum) > max || !keeps_activations(everywhere(i))) continue;
      const double loss = sum_of_losses(everywhere(i));
      if (!best || loss <= sum_of_losses(everywhere(*best))) best = i;
    }
    return best;
  }

  std::vector<LayerRule> rules_of(const Assignment& assignment) const {
    std::vector<LayerRule> rules;
    for (std::size_t l = 0; l < assignment.size(); ++l) {
      for (const std::string& layer : found_.groups[l].layers) {
        rules.push_back(rule_for(layer, choice(l, assignment[l]).bits));
      }
    }
    return rules;
  }

  double judged(const Assignment& assignment) const {
    QuantizeOptions options = with_rules(inputs_.options, rules_of(assignment));
    options.token_weights = found_.token_weights;
    return judged_loss(inputs_.network, inputs_.calibration, inputs_.recipe, options);
  }

  TradeOff::Point point_of(const Assignment& assignment, std::string label) const {
    const bool timed = budget_.milliseconds.has_value();
    const std::int64_t rest = timed ? found_.rest_nanoseconds : rest_;
    TradeOff::Point point = {std::move(label), static_cast<double>(rest),
                             sum_of_losses(assignment)};
    for (std::size_t l = 0; l < assignment.size(); ++l) {
      const BitsLoss& loss = choice(l, assignment[l]);
      point.cost += static_cast<double>(timed ? loss.nanoseconds : loss.bytes);
    }
    return point;
  }

  TradeOff trade_off(const Assignment& chosen) const {
    constexpr std::size_t kDrawn = 60;
    TradeOff result;
    result.loss = loss_name();
    result.loss_axis = axis_name();
    if (budget_.space.measures_loss()) result.loss_axis += " from the float model";
    if (budget_.milliseconds) {
      result.cost = "predicted time of an image on one thread of " + found_.cpu;
      result.unit = "ms";
    }
    const std::size_t count = front_.points().size();
    const std::size_t drawn = std::min(count, kDrawn);
    for (std::size_t i = 0; i < drawn; ++i) {
      const std::size_t point = drawn == 1 ? 0 : i * (count - 1) / (drawn - 1);
      result.front.push_back(point_of(front_.assignment(point), ""));
    }
    for (std::size_t i = 0; i < found_.uniform.size(); ++i) {
      result.uniform.push_back(point_of(everywhere(i), label_of(found_.uniform[i])));
    }
    result.chosen = point_of(chosen, "chosen");
    for (std::size_t l = 0; l < chosen.size(); ++l) {
      const BitsLoss& loss = choice(l, chosen[l]);
      result.sensitivities.push_back(
          {found_.groups[l].name, loss.bits ? bits_of(loss) : 0, loss.loss});
    }
    return result;
  }

  const BitBudget& budget_;
  const SearchInputs& inputs_;
  const Sensitivities& found_;
  std::int64_t rest_;
  ParetoFront front_;
  std::string note_;
};

}  // namespace

QuantizeOptions with_rules(QuantizeOptions options, const std::vector<LayerRule>& rules) {
  options.rules.insert(options.rules.end(), rules.begin(), rules.end());
  return options;
}

BitsChoice choose_bits(const BitBudget& budget, const SearchInputs& inputs,
                       const Sensitivities& found, std::int64_t rest) {
  return Search(budget, inputs, found, rest).run();
}

}  // namespace vitq
