// SPDX-License-Identifier: Apache-2.0
// Measures how far what one detector finds is from what another finds in the same images. As a rule
// the one is quantized, and the other is the float model that it was made from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vitq/evaluate.h"

namespace vitq {

// What a detector says of one image.
struct DetectorAnswer {
  std::span<const float> logits;  // [queries, classes]
  std::span<const float> boxes;   // [queries, 4]: centre and size as shares of the image
};

// Holds sums over images. An object is what a detector is at least as sure of as kObject. It is
// found again by another that detects one of the same class there, whose box overlaps (intersection
// over union) by kOverlap or more.
struct DetectorComparison {
  static constexpr float kObject = 0.5F;
  static constexpr double kOverlap = 0.5;

  std::int64_t images = 0;
  std::int64_t queries = 0;         // of all images
  std::int64_t agreeing = 0;        // queries whose greatest logit is the same
  double reference_energy = 0.0;    // squares of the reference's logits
  double error_energy = 0.0;        // squares of the differences
  double divergence = 0.0;          // of all queries, in nats
  double box_error = 0.0;           // absolute differences of all numbers of the boxes
  std::int64_t objects = 0;         // the reference's
  std::int64_t found = 0;           // of them, found again
  std::int64_t further = 0;         // the other's that are none of these
  double seconds = 0.0;             // that the model took, reading and preparing included
  double reference_seconds = 0.0;   // likewise
  std::vector<double> divergences;  // of each image, the mean over its queries

  // Takes in the answers for one image. `info` is the reference's.
  void add(const DetectorAnswer& reference, const DetectorAnswer& answer, const ModelInfo& info);
};

// Shows each image to both models, each with its own preprocessing. `options.batch` counts for
// nothing: images differ in size. Throws what reading an image throws, and WeightError for an
// answer that is no number. Throws UnsupportedError if one does not detect, or if they differ in
// classes or queries.
DetectorComparison compare_detectors(const Model& model, const Model& reference,
                                     std::span<const LabelledImage> images,
                                     const EvaluateOptions& options = {});

}  // namespace vitq
