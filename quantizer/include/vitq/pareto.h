// SPDX-License-Identifier: Apache-2.0
// Which bits for which layer: every assignment of choices to layers that no other beats. The paper
// samples assignments (Liu et al., NeurIPS 2021, section 3.4); sizes and losses add up over the
// layers, so dynamic programming finds all of the front instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vitq {

// One way to store a layer: what it costs, and what it does to the network's answers.
struct Choice {
  std::int64_t cost = 0;  // bytes, or any other unit that adds up
  double loss = 0.0;
  double second_cost = 0.0;  // of another kind: see priced_front
};

class ParetoFront {
 public:
  struct Point {
    std::int64_t cost = 0;
    double loss = 0.0;
  };

  // Beyond so many points the front is thinned as it grows: what is left is real, but may no longer
  // be all there is.
  static constexpr std::size_t kMaxPoints = std::size_t{1} << 18U;

  // layers[l]: the choices of layer l, at least one.
  explicit ParetoFront(std::span<const std::vector<Choice>> layers);

  // By rising cost and falling loss.
  const std::vector<Point>& points() const { return points_; }
  // The choice of each layer, as an index of its choices.
  std::vector<std::size_t> assignment(std::size_t point) const;
  // The point of least loss that costs no more; none if every assignment costs more.
  std::optional<std::size_t> within(std::int64_t cost) const;

 private:
  // How a point of the first l + 1 layers came about.
  struct Origin {
    std::uint32_t point = 0;  // of the first l layers
    std::uint32_t choice = 0;
  };

  void add(const std::vector<Choice>& choices);
  void thin();

  std::vector<Point> points_ = {{0, 0.0}};
  std::vector<std::vector<Origin>> origins_;  // [layer][point]
};

// For a budget of each cost: the front whose losses have a price on the second cost in them, the
// least with which the best point within `cost` keeps to `second_cost`. That point then loses least
// of all assignments with no more of either cost than it has (H. Everett, "Generalized Lagrange
// multiplier method", 1963); one nearer to the budget may lose less. If none keeps to it, the price
// is above all losses.
ParetoFront priced_front(std::span<const std::vector<Choice>> layers, std::int64_t cost,
                         double second_cost);

}  // namespace vitq
