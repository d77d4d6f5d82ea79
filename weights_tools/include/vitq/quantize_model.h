// SPDX-License-Identifier: Apache-2.0
// Makes an int8 model of a float model file and images, as vit_quantize does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vitq/budget.h"
#include "vitq/image.h"
#include "vitq/model_info.h"
#include "vitq/quantizer.h"

namespace vitq {

struct QuantizeModelOptions {
  Recipe recipe = recipe_named("default");
  Bits bits = {};  // of the layers that neither a rule nor the budget names
  // They come after the rules of the model's family. The last that matches a layer holds.
  std::vector<LayerRule> rules = {};
  std::optional<BitBudget> budget = {};  // chooses the bits of the weights
  // Everything from pixels to logits runs on integers (Numerics::kIntegerOnly). Then nothing can
  // stay in float, the layers that the model's family would keep included.
  bool integer_only = false;
  std::size_t limit = 128;       // so many of the images at most
  bool generate_images = false;  // so many, where none are given; otherwise that is an error
  std::optional<std::uint64_t> seed =
      {};  // draws them at random; without it they are spread evenly
  ImageLimits image_limits = {};
  int threads = 0;                                     // 0: as many as this process may use
  std::int64_t memory_bytes = std::int64_t{2} << 30;   // activations beyond it go to a file
  std::filesystem::path scratch = {};                  // its folder; empty: the system's for such
  std::function<void(const Progress&)> progress = {};  // is told of each layer
};

// It is what write_model() takes, with how it came about.
struct QuantizedModel {
  ModelInfo info;
  Weights weights;                    // codes are packed; `info` is in their metadata
  std::vector<LayerReport> report;    // of every layer that can be quantized
  Json provenance;                    // recipe, bits, rules, digest and number of the images, tool
  std::int64_t images = 0;            // that were calibrated on
  bool generated = false;             // whether those were generated
  std::optional<TradeOff> trade_off;  // of a budget
  std::string note;                   // what bits within a budget lose, for people
};

// Quantizes the model for images like these. EXIF orientation is ignored, as training code does.
// The same inputs give the same bytes, whatever the number of threads. Only budgets of time depend
// on the CPU. Throws UnsupportedError if the model is quantized already or a rule matches nothing.
// It also throws BudgetError, what quantize() throws, and what reading the model and the images
// throws.
QuantizedModel quantize_model(const std::filesystem::path& model,
                              std::span<const std::filesystem::path> images,
                              const QuantizeModelOptions& options = {});
// Does the same for images in memory. The record then has no digest of them.
QuantizedModel quantize_model(const std::filesystem::path& model, std::span<const Image> images,
                              const QuantizeModelOptions& options = {});

// Says what quantize_model() would do. Without a budget it needs no images.
struct ModelPlan {
  std::vector<LayerPlan> layers;
  std::string note;  // as in QuantizedModel
};
ModelPlan plan_model(const std::filesystem::path& model,
                     std::span<const std::filesystem::path> images,
                     const QuantizeModelOptions& options = {});

// Answers `count` of `total` indices, rising, or all of them if there are no more. They are spread
// evenly, or drawn by a generator that gives the same numbers everywhere.
std::vector<std::size_t> sample(std::size_t total, std::size_t count,
                                std::optional<std::uint64_t> seed = {});

}  // namespace vitq
