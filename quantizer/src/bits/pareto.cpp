// SPDX-License-Identifier: Apache-2.0
#include "vitq/pareto.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace vitq {
namespace {

using Layers = std::span<const std::vector<Choice>>;

ParetoFront front_at(double price, Layers layers) {
  std::vector<std::vector<Choice>> priced(layers.begin(), layers.end());
  for (std::vector<Choice>& choices : priced) {
    for (Choice& choice : choices) choice.loss += price * choice.second_cost;
  }
  return ParetoFront(priced);
}

bool keeps(const ParetoFront& front, Layers layers, std::int64_t cost, double second_cost) {
  const std::optional<std::size_t> point = front.within(cost);
  if (!point) return true;  // nothing to be bought by any price
  const std::vector<std::size_t> assignment = front.assignment(*point);
  double sum = 0.0;
  for (std::size_t l = 0; l < layers.size(); ++l) sum += layers[l][assignment[l]].second_cost;
  return sum <= second_cost;
}

// Gives a price so high that no loss is worth the smallest step of the second cost.
double price_above_all(Layers layers) {
  double loss = 0.0;
  double step = HUGE_VAL;
  for (const std::vector<Choice>& choices : layers) {
    const auto [min, max] = std::ranges::minmax(choices, {}, &Choice::loss);
    loss += max.loss - min.loss;
    for (const Choice& choice : choices) {
      const double less = std::fabs(choice.second_cost - choices.front().second_cost);
      if (less > 0.0) step = std::min(step, less);
    }
  }
  return 2.0 * std::max(loss, 1e-9) / step;
}

}  // namespace

ParetoFront::ParetoFront(std::span<const std::vector<Choice>> layers) {
  for (const std::vector<Choice>& choices : layers) add(choices);
}

// Only a point on the front of some layers can be part of the front of more layers.
void ParetoFront::add(const std::vector<Choice>& choices) {
  struct Sum {
    Point point;
    Origin origin;
  };
  std::vector<Sum> sums;
  sums.reserve(points_.size() * choices.size());
  for (std::size_t p = 0; p < points_.size(); ++p) {
    for (std::size_t c = 0; c < choices.size(); ++c) {
      sums.push_back({{points_[p].cost + choices[c].cost, points_[p].loss + choices[c].loss},
                      {static_cast<std::uint32_t>(p), static_cast<std::uint32_t>(c)}});
    }
  }
  std::ranges::stable_sort(sums, [](const Sum& a, const Sum& b) {
    return std::tie(a.point.cost, a.point.loss) < std::tie(b.point.cost, b.point.loss);
  });
  points_.clear();
  origins_.emplace_back();
  for (const Sum& sum : sums) {
    if (!points_.empty() && sum.point.loss >= points_.back().loss) continue;
    points_.push_back(sum.point);
    origins_.back().push_back(sum.origin);
  }
  if (points_.size() > kMaxPoints) thin();
}

// Keeps the cheapest point and the best one, and every so many of those between.
void ParetoFront::thin() {
  const std::size_t step = (points_.size() + kMaxPoints - 1) / kMaxPoints;
  std::vector<Origin>& origins = origins_.back();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    if (i % step != 0 && i + 1 != points_.size()) continue;
    points_[kept] = points_[i];
    origins[kept++] = origins[i];
  }
  points_.resize(kept);
  origins.resize(kept);
}

std::vector<std::size_t> ParetoFront::assignment(std::size_t point) const {
  std::vector<std::size_t> choices(origins_.size());
  for (std::size_t l = origins_.size(); l-- > 0;) {
    choices[l] = origins_[l][point].choice;
    point = origins_[l][point].point;
  }
  return choices;
}

std::optional<std::size_t> ParetoFront::within(std::int64_t cost) const {
  const auto above = std::ranges::upper_bound(points_, cost, {}, &Point::cost);
  if (above == points_.begin()) return std::nullopt;
  return static_cast<std::size_t>(above - points_.begin()) - 1;
}

ParetoFront priced_front(std::span<const std::vector<Choice>> layers, std::int64_t cost,
                         double second_cost) {
  ParetoFront free(layers);
  if (keeps(free, layers, cost, second_cost)) return free;
  constexpr double kRange = 1e-9;
  constexpr double kNear = 1.02;
  double high = price_above_all(layers);
  double low = kRange * high;
  ParetoFront best = front_at(high, layers);
  while (high > kNear * low && keeps(best, layers, cost, second_cost)) {
    const double price = std::sqrt(low * high);
    ParetoFront front = front_at(price, layers);
    const bool kept = keeps(front, layers, cost, second_cost);
    (kept ? high : low) = price;
    if (kept) best = std::move(front);
  }
  return best;
}

}  // namespace vitq
