// SPDX-License-Identifier: Apache-2.0
// This measures how far the answers of one network are from those of another on the same images.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vitq::apps {

// Answers the index of the first of the greatest values.
std::size_t argmax(std::span<const float> values);

// Answers the Kullback-Leibler divergence of softmax(logits) from softmax(reference), in nats.
double divergence(std::span<const float> reference, std::span<const float> logits);

// Answers the exact two-sided probability of a split as uneven as lost : won if both were equally
// likely. Without any it is 1. The test is that of Q. McNemar, Psychometrika 12 (1947), with the
// binomial distribution.
double mcnemar_p(std::int64_t lost, std::int64_t won);

// Answers 10 log10(reference / error), or nothing where one of the energies is 0.
std::optional<double> decibels(double reference_energy, double error_energy);

// These are sums over images.
struct Comparison {
  std::int64_t images = 0;
  std::int64_t agreeing = 0;      // the most probable class is the same
  std::int64_t lost = 0;          // only the reference is right
  std::int64_t won = 0;           // only the other is right
  double reference_energy = 0.0;  // squares of the reference's logits
  double error_energy = 0.0;      // squares of the differences
  double divergence = 0.0;
  std::vector<double> divergences;  // of each image, in order

  // Takes in the logits of one image; `label` is negative where it is unknown.
  void add(std::span<const float> reference, std::span<const float> logits, std::int64_t label);
};

}  // namespace vitq::apps
