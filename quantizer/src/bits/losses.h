// SPDX-License-Identifier: Apache-2.0
// The losses that answers are judged by (vitq/quantizer.h, Loss).
#pragma once

#include <span>
#include <vector>

#include "vitq/quantizer.h"

namespace vitq {

// The network's outputs that its loss looks at: the first one, or of values all.
std::vector<NodeId> judged_outputs(const Network& network);

// The loss of one image's answers against the float network's. Both have a tensor for each of the
// judged outputs. Logits [..., classes] of several rows lose the mean over the rows.
double answer_loss(Loss loss, std::span<const Tensor> reference, std::span<const Tensor> found);

}  // namespace vitq
