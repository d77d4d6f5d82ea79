// SPDX-License-Identifier: Apache-2.0
// This shows where two forms of one network come apart: the error of each layer's result for one
// image.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "vitq/json.h"
#include "vitq/tensor.h"

namespace vitq::apps {

struct LayerError {
  std::string name;
  std::string op;
  Shape shape;
  std::optional<double> decibels;                // of all values; nothing if they are equal
  std::optional<double> output_tokens_decibels;  // of the rows that the network's outputs read
  bool output_tokens = false;                    // whether there are such rows
};

// Compares the results of `model` with those of `reference`. They are those of every Linear and
// Conv2d with weights and of every attention, in the network's order, then the outputs. Throws
// UnsupportedError if the two are not the same network.
std::vector<LayerError> compare_layers(const std::filesystem::path& reference,
                                       const std::filesystem::path& model,
                                       const std::filesystem::path& image, int threads);

std::string to_text(const std::vector<LayerError>& layers);
Json to_json(const std::vector<LayerError>& layers);

}  // namespace vitq::apps
