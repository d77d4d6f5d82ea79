// SPDX-License-Identifier: Apache-2.0
// Layers and attentions whose bits are chosen together.
#pragma once

#include <string>
#include <vector>

#include "network/units.h"
#include "vitq/sensitivity.h"

namespace vitq {

struct Group {
  std::string name;
  std::vector<Unit> units;  // in the order of the graph, at least one

  std::int64_t weights() const;
  // The attention among the units, or nullptr.
  const Unit* attention() const;
  bool has(NodeId node) const;
};

// The groups that no rule of the options names. Throws UnsupportedError if there is none.
std::vector<Group> free_groups(const Network& network, const Recipe& recipe,
                               const QuantizeOptions& options, Grain grain);

}  // namespace vitq
