// SPDX-License-Identifier: Apache-2.0
// How long the layers of a network take on this CPU, as a function of their bits.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "groups.h"
#include "vitq/plan.h"

namespace vitq {

std::shared_ptr<const Plan> plan_of(const Graph& graph, const Weights& weights,
                                    const Scheme& scheme);

// Runs the plans in turn on one thread. The shortest time of each step counts: other work on the
// machine only ever adds. plans[i]: the network with the groups' choice i everywhere.
void add_times(std::span<const std::shared_ptr<const Plan>> plans, const std::vector<Group>& groups,
               const Tensor& image, Sensitivities& result);

// Takes times of one group that differ by less than what measuring them anew would for the same:
// a choice must not look faster by chance.
void level_out(std::vector<BitsLoss>& choices);

}  // namespace vitq
