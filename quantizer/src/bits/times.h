// SPDX-License-Identifier: Apache-2.0
// How long the layers of a network take on this CPU, as a function of their bits.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "bits/groups.h"
#include "calibration/calibration_images.h"
#include "vitq/plan.h"

namespace vitq {

std::shared_ptr<const Plan> plan_of(const Graph& graph, const Weights& weights,
                                    const Scheme& scheme);

// Adds the times of choices to the result. plans[i] is the network with choice i in every group.
// The plans run in turn on one thread. The shortest time of each step counts, as other work on the
// machine can only add to it.
void add_times(std::span<const std::shared_ptr<const Plan>> plans, const std::vector<Group>& groups,
               const CalibrationImages& images, Sensitivities& result);

// Makes times of one group equal if they differ by no more than two measurements of the same: no
// choice must look faster by chance.
void level_out(std::vector<BitsLoss>& choices);

}  // namespace vitq
