// SPDX-License-Identifier: Apache-2.0
// Rotates the residual streams of a network and the values of its heads, so that no channel of them
// stands out (QuaRot, arXiv:2404.00456). Its function stays as it is: the rotation goes into the
// weights that write a stream, and its inverse into those that read it. A LayerNorm passes it on,
// because the rotation leaves the mean of a row alone. Its gain and bias are folded into what reads
// it.
#pragma once

#include <vector>

#include "vitq/graph.h"
#include "vitq/weights.h"

namespace vitq {

// The weights of the rotated network; the same as before if it has nothing that can be rotated, or
// if a rotated weight would overflow.
// They are f32 where they changed, and the same on every CPU.
Weights rotated(const Graph& graph, const Weights& weights);

// Turns the float network's result of a node into that of the rotated network.
void rotate_result(const Graph& graph, const Weights& weights, NodeId node, Tensor& result);

}  // namespace vitq
