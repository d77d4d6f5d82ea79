// SPDX-License-Identifier: Apache-2.0
// Features of images: how near those of two models are, and how well nearest neighbours name what
// is in an image.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vitq/evaluate.h"

namespace vitq {

// Features of images, in their order.
struct FeatureRows {
  std::size_t width = 0;             // of a row
  std::vector<float> values;         // [images][width], as the model gives them
  std::vector<std::int64_t> labels;  // of each image; kNoLabel where it is unknown
  double seconds = 0.0;              // reading and preparing the images included

  std::size_t count() const { return labels.size(); }
  std::span<const float> row(std::size_t index) const {
    return std::span(values).subspan(index * width, width);
  }
};

// Throws UnsupportedError if the model gives no features, or what evaluate() throws.
FeatureRows features_of(const Model& model, std::span<const LabelledImage> images,
                        const EvaluateOptions& options = {});

struct FeaturePair {
  FeatureRows model;
  FeatureRows reference;
};

// Shows the images to both models as compare_models() does. Throws UnsupportedError, too, if one
// has more features than the other.
FeaturePair features_of(const Model& model, const Model& reference,
                        std::span<const LabelledImage> images, const EvaluateOptions& options = {});

// The cosine of the angle between two rows; 0 where one of them is all zeros.
double cosine(std::span<const float> a, std::span<const float> b);

// Another row, and the cosine of its angle with the one it is a neighbour of.
struct Neighbour {
  std::size_t row = 0;
  double cosine = 0.0;
};

// Answers for each row the k others with the greatest cosines, by falling cosine and then by rising
// row; all others where there are fewer. The same for any number of threads.
std::vector<std::vector<Neighbour>> nearest_neighbours(const FeatureRows& rows, std::size_t k,
                                                       int threads = 1);

// Answers the class that gets most votes, the first of equal ones. Each neighbour votes for its own
// class, with the weight exp(cosine / 0.07): the vote that DINO is evaluated by (arXiv:2104.14294,
// eval_knn.py). Near neighbours so outvote far ones, and a large k does no harm.
std::int64_t voted_class(std::span<const Neighbour> neighbours,
                         std::span<const std::int64_t> labels);

// Counts the images whose neighbours among the others vote for their class.
std::int64_t right_by_neighbours(const FeatureRows& rows, std::size_t k, int threads = 1);

// Says how far features are from the reference's.
struct FeatureComparison {
  double reference_energy = 0.0;  // squares of the reference's features
  double error_energy = 0.0;      // squares of the differences
  std::vector<double> cosines;    // of each image's two rows
  // Images whose nearest other image is the same; nothing where there is no other.
  std::optional<std::int64_t> same_neighbour;
};

FeatureComparison compare_features(const FeatureRows& reference, const FeatureRows& rows,
                                   int threads = 1);

}  // namespace vitq
