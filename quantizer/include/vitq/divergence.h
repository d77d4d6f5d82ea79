// SPDX-License-Identifier: Apache-2.0
// How far answers are from a reference's: Kullback-Leibler divergences of the distributions that
// their logits make, in nats.
#pragma once

#include <span>

namespace vitq {

// Of one class among several: KL(softmax(reference) || softmax(found)).
double softmax_divergence(std::span<const float> reference, std::span<const float> found);

// Of classes each for itself: the sum over them of KL(sigmoid(reference) || sigmoid(found)).
double sigmoid_divergence(std::span<const float> reference, std::span<const float> found);

}  // namespace vitq
