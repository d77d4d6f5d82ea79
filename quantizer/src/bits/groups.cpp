// SPDX-License-Identifier: Apache-2.0
#include "bits/groups.h"

#include <algorithm>

#include "network/token_flow.h"
#include "vitq/error.h"

namespace vitq {
namespace {

// Gives what all names begin with, up to a dot.
std::string common_name(const std::vector<Unit>& units) {
  std::string name = units.front().plan.name;
  if (units.size() == 1) return name;
  for (const Unit& unit : units) {
    const auto end = std::ranges::mismatch(name, unit.plan.name).in1;
    name.erase(end, name.end());
  }
  const std::size_t dot = name.find_last_of('.');
  return dot == std::string::npos ? units.front().plan.name : name.substr(0, dot);
}

std::vector<Group> modules_of(const Graph& graph, std::vector<Unit> units) {
  const std::vector<std::vector<NodeId>> readers = graph.readers();
  const auto is_sum = [&graph](NodeId id) { return is_residual_sum(graph, id); };
  std::vector<Group> groups;
  std::vector<NodeId> ends;  // of each group
  for (Unit& unit : units) {
    const bool inner = unit.plan.attention || unit.role == Role::kInner;
    // A module ends at the first residual sum that it reaches.
    const NodeId end = inner ? first_reached(readers, unit.plan.output, is_sum) : -1;
    const auto found = std::ranges::find(ends, end);
    if (end >= 0 && found != ends.end()) {
      groups[static_cast<std::size_t>(found - ends.begin())].units.push_back(std::move(unit));
      continue;
    }
    ends.push_back(end);
    groups.push_back({"", {std::move(unit)}});
  }
  for (Group& group : groups) group.name = common_name(group.units);
  return groups;
}

}  // namespace

std::int64_t Group::weights() const {
  std::int64_t sum = 0;
  for (const Unit& unit : units) sum += unit.plan.weights;
  return sum;
}

const Unit* Group::attention() const {
  const auto found = std::ranges::find_if(units, [](const Unit& u) { return u.plan.attention; });
  return found == units.end() ? nullptr : &*found;
}

bool Group::has(NodeId node) const {
  return std::ranges::any_of(
      units, [node](const Unit& u) { return u.plan.node == node || u.plan.output == node; });
}

std::vector<Group> free_groups(const Network& network, const Recipe& recipe,
                               const QuantizeOptions& options, Grain grain) {
  std::vector<Unit> units = find_units(network);
  decide_bits(network, recipe, options, units);
  std::erase_if(units, [&](const Unit& unit) {
    const bool left = unit.plan.attention && grain == Grain::kLayer;
    return left || unit.named;
  });
  if (units.empty()) throw UnsupportedError("there is no layer whose bits are free");
  if (grain == Grain::kModule) return modules_of(network.graph, std::move(units));
  std::vector<Group> groups;
  for (Unit& unit : units) groups.push_back({unit.plan.name, {std::move(unit)}});
  return groups;
}

}  // namespace vitq
