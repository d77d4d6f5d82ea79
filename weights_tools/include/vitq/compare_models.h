// SPDX-License-Identifier: Apache-2.0
// Measures how far the answers of one model are from those of another on the same images. As a rule
// the one is quantized, and the other is the float model that it was made from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vitq/evaluate.h"

namespace vitq {

// Answers the index of the first of the greatest values.
std::size_t argmax(std::span<const float> values);

// Computes the Kullback-Leibler divergence of the probabilities of `logits` from those of
// `reference`, in nats. Where each class is for itself, divergences are added up over the classes.
double divergence(std::span<const float> reference, std::span<const float> logits, Scores scores);

// Computes the exact two-sided probability of a split as uneven as lost : won, if both were equally
// likely (Q. McNemar, Psychometrika 12, 1947, with the binomial distribution). It is 1 if there are
// none.
double mcnemar_p(std::int64_t lost, std::int64_t won);

// Computes 10 log10(reference / error), or nothing where one of the energies is 0.
std::optional<double> decibels(double reference_energy, double error_energy);

// Holds sums over images.
struct Comparison {
  Scores scores = Scores::kSoftmax;  // what the reference's logits mean
  std::int64_t images = 0;
  std::int64_t agreeing = 0;        // the most probable class is the same
  std::int64_t lost = 0;            // only the reference is right
  std::int64_t won = 0;             // only the other is right
  double reference_energy = 0.0;    // squares of the reference's logits
  double error_energy = 0.0;        // squares of the differences
  double divergence = 0.0;          // in nats
  std::vector<double> divergences;  // of each image, in order

  // Takes in the logits of one image; `label` is negative where it is unknown.
  void add(std::span<const float> reference, std::span<const float> logits, std::int64_t label);
};

struct ModelComparison {
  Accuracy model;
  Accuracy reference;
  Comparison comparison;
};

// Shows the images to both models, each batch to one and then to the other, each model with its own
// preprocessing. Where both have the same, images are read once, and the time that takes counts for
// both. Throws what evaluate() throws, UnsupportedError if the models' classes differ in number.
ModelComparison compare_models(const Model& model, const Model& reference,
                               std::span<const LabelledImage> images,
                               const EvaluateOptions& options = {});

// Says how far the result of one layer is off.
struct LayerError {
  std::string name;
  std::string op;
  Shape shape;                                   // of the result
  std::optional<double> decibels;                // of all values; nothing if they are equal
  std::optional<double> output_tokens_decibels;  // of the rows that the network's outputs read
  bool output_tokens = false;                    // whether there are such rows
};

// Compares `model` with `reference` layer by layer, for one image and in the network's order.
// Layers are every Linear and Conv2d with weights, every attention, and then the outputs. `threads`
// of 0 are as many as this process may use. Throws what loading and reading throw, UnsupportedError
// if the two are not the same network.
std::vector<LayerError> compare_layers(const std::filesystem::path& reference,
                                       const std::filesystem::path& model,
                                       const std::filesystem::path& image, int threads = 0,
                                       const ImageLimits& limits = {});

}  // namespace vitq
