// SPDX-License-Identifier: Apache-2.0
// The front against every assignment there is.
#include "vitq/pareto.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace vitq;

namespace {

using Layers = std::vector<std::vector<Choice>>;

// Losses are whole numbers, so that sums in any order are equal.
Layers random_layers(std::mt19937& random) {
  Layers layers(1 + random() % 6);
  for (std::vector<Choice>& choices : layers) {
    choices.resize(1 + random() % 4);
    for (Choice& choice : choices) {
      choice.cost = static_cast<std::int64_t>(random() % 20);
      choice.loss = static_cast<double>(random() % 30) - 3.0;
    }
  }
  return layers;
}

ParetoFront::Point sum_of(const Layers& layers, const std::vector<std::size_t>& assignment) {
  ParetoFront::Point sum;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    sum.cost += layers[l][assignment[l]].cost;
    sum.loss += layers[l][assignment[l]].loss;
  }
  return sum;
}

template <typename Visit>
void for_all(const Layers& layers, const Visit& visit) {
  std::vector<std::size_t> assignment(layers.size(), 0);
  std::size_t l = 0;
  while (l < layers.size()) {
    visit(assignment);
    l = 0;
    while (l < layers.size() && ++assignment[l] == layers[l].size()) assignment[l++] = 0;
  }
}

std::vector<ParetoFront::Point> all_sums(const Layers& layers) {
  std::vector<ParetoFront::Point> sums;
  for_all(layers, [&](const std::vector<std::size_t>& a) { sums.push_back(sum_of(layers, a)); });
  return sums;
}

// The least loss of all assignments that cost no more; none: no such assignment.
std::optional<double> min_loss(const std::vector<ParetoFront::Point>& sums, std::int64_t cost) {
  std::optional<double> min;
  for (const ParetoFront::Point& sum : sums) {
    if (sum.cost <= cost && (!min || sum.loss < *min)) min = sum.loss;
  }
  return min;
}

// Whether the front's answer to a budget is an assignment within it, and none is better.
bool is_best(const Layers& layers, const ParetoFront& front, std::int64_t budget,
             const std::optional<double>& min) {
  const std::optional<std::size_t> found = front.within(budget);
  if (!found || !min) return found.has_value() == min.has_value();
  const ParetoFront::Point point = front.points()[*found];
  const ParetoFront::Point sum = sum_of(layers, front.assignment(*found));
  return point.loss == *min && sum.loss == *min && sum.cost == point.cost && sum.cost <= budget;
}

struct Sum {
  std::int64_t cost = 0;
  double second = 0.0;
  double loss = 0.0;
};

Sum sum_of_both(const Layers& layers, const std::vector<std::size_t>& assignment) {
  const ParetoFront::Point point = sum_of(layers, assignment);
  Sum sum = {point.cost, 0.0, point.loss};
  for (std::size_t l = 0; l < layers.size(); ++l)
    sum.second += layers[l][assignment[l]].second_cost;
  return sum;
}

std::vector<Sum> sums_of_both(const Layers& layers) {
  std::vector<Sum> sums;
  for_all(layers,
          [&](const std::vector<std::size_t>& a) { sums.push_back(sum_of_both(layers, a)); });
  return sums;
}

// Of all that keep to the first cost.
double min_second(const std::vector<Sum>& sums, std::int64_t cost) {
  double min = 1e9;
  for (const Sum& sum : sums) {
    if (sum.cost <= cost) min = std::min(min, sum.second);
  }
  return min;
}

bool rises_and_falls(const std::vector<ParetoFront::Point>& points) {
  return std::ranges::adjacent_find(points, [](const auto& a, const auto& b) {
           return b.cost <= a.cost || b.loss >= a.loss;
         }) == points.end();
}

}  // namespace

TEST_CASE("for every budget the front has the best of all assignments") {
  std::mt19937 random(1);
  for (int trial = 0; trial < 200; ++trial) {
    CAPTURE(trial);
    const Layers layers = random_layers(random);
    const ParetoFront front(layers);
    CHECK(rises_and_falls(front.points()));
    const std::vector<ParetoFront::Point> sums = all_sums(layers);
    std::int64_t budget = 0;
    while (budget <= 125 && is_best(layers, front, budget, min_loss(sums, budget))) ++budget;
    CHECK(budget == 126);
  }
}

TEST_CASE("a layer without a choice adds what it is") {
  const Layers layers = {{{5, 1.0}}, {{2, 3.0}, {1, 4.0}}};
  const ParetoFront front(layers);
  REQUIRE(front.points().size() == 2);
  CHECK(front.points()[0].cost == 6);
  CHECK(front.points()[1].loss == 4.0);
  CHECK_FALSE(front.within(5).has_value());
}

TEST_CASE("a front that would grow without end is thinned, and what is left is real") {
  Layers layers(24);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    layers[l] = {{0, static_cast<double>(std::int64_t{1} << l)}, {std::int64_t{1} << l, 0.0}};
  }
  const ParetoFront front(layers);
  CHECK(front.points().size() <= ParetoFront::kMaxPoints + 1);
  CHECK(front.points().front().cost == 0);
  CHECK(front.points().back().loss == 0.0);
  CHECK(rises_and_falls(front.points()));
  const std::size_t some = front.points().size() / 3;
  const ParetoFront::Point sum = sum_of(layers, front.assignment(some));
  CHECK(sum.cost == front.points()[some].cost);
  CHECK(sum.loss == front.points()[some].loss);
}

TEST_CASE("with a price on a second cost, nothing with less of both is better than what is found") {
  std::mt19937 random(2);
  int priced = 0;
  for (int trial = 0; trial < 200; ++trial) {
    CAPTURE(trial);
    Layers layers = random_layers(random);
    for (std::vector<Choice>& choices : layers) {
      for (Choice& choice : choices) choice.second_cost = static_cast<double>(random() % 5);
    }
    const std::vector<Sum> sums = sums_of_both(layers);
    const Sum& budget = sums[random() % sums.size()];
    const ParetoFront front = priced_front(layers, budget.cost, budget.second);
    const Sum found = sum_of_both(layers, front.assignment(front.within(budget.cost).value()));
    CHECK(found.cost <= budget.cost);
    const auto better = std::ranges::count_if(sums, [&](const Sum& sum) {
      return sum.cost <= budget.cost && sum.second <= found.second && sum.loss < found.loss;
    });
    CHECK(better == 0);
    const double min = min_second(sums, budget.cost);
    CHECK(found.second <= std::max(budget.second, min));
    if (found.loss > *min_loss(all_sums(layers), budget.cost)) ++priced;
  }
  CHECK(priced > 20);
}
