// SPDX-License-Identifier: Apache-2.0
// Which bits each layer gets: every assignment of choices to layers that no other one beats. The
// paper samples assignments (Liu et al., NeurIPS 2021, section 3.4). Costs and losses add up over
// the layers, so dynamic programming finds the whole Pareto front instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vitq {

// One way to store a layer: its cost, and what it does to the network's answers.
struct Choice {
  std::int64_t cost = 0;  // in bytes, or in any other unit that adds up
  double loss = 0.0;
  double second_cost = 0.0;  // in another unit: see priced_front
};

class ParetoFront {
 public:
  struct Point {
    std::int64_t cost = 0;
    double loss = 0.0;
  };

  // A front of more points is thinned while it grows. The points left are attainable, but others
  // may be missing.
  static constexpr std::size_t kMaxPoints = std::size_t{1} << 18U;

  // layers[l] has the choices of layer l, at least one.
  explicit ParetoFront(std::span<const std::vector<Choice>> layers);

  // The points in order of rising cost and falling loss.
  const std::vector<Point>& points() const { return points_; }
  // The choice of each layer at this point, as an index of its choices.
  std::vector<std::size_t> assignment(std::size_t point) const;
  // The point of the smallest loss with at most this cost; none if every assignment costs more.
  std::optional<std::size_t> within(std::int64_t cost) const;

 private:
  // How a point of the first l + 1 layers came about.
  struct Origin {
    std::uint32_t point = 0;  // among those of the first l layers
    std::uint32_t choice = 0;
  };

  void add(const std::vector<Choice>& choices);
  void thin();

  std::vector<Point> points_ = {{0, 0.0}};
  std::vector<std::vector<Origin>> origins_;  // [layer][point]
};

// A front for budgets of both costs (H. Everett, "Generalized Lagrange multiplier method", 1963).
// Its losses include a price on the second cost: the lowest with which the best point within `cost`
// also stays within `second_cost`. No other assignment that needs at most the two costs of that
// point has a smaller loss. One that comes nearer to the budgets may have a smaller loss. If no
// price is high enough, the front is that of a price above all losses.
ParetoFront priced_front(std::span<const std::vector<Choice>> layers, std::int64_t cost,
                         double second_cost);

}  // namespace vitq
