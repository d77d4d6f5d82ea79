// SPDX-License-Identifier: Apache-2.0
// Post-training quantization of any graph: a network, images and a recipe in; integer weights and
// the scheme that says what they mean out. Knows graphs only, no models.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "vitq/calibration.h"
#include "vitq/graph.h"
#include "vitq/json.h"
#include "vitq/quant.h"
#include "vitq/recipe.h"
#include "vitq/weights.h"

namespace vitq {

struct Bits {
  int weights = 7;
  int activations = 8;

  friend bool operator==(const Bits&, const Bits&) = default;
};

// Layers whose name the expression (ECMAScript) is found in: these bits, or float if none.
struct LayerRule {
  std::string pattern;
  std::optional<Bits> bits;
};

// How the image's bytes become the network's input: (byte / 255 - mean) / std per channel.
struct Pixels {
  std::vector<float> mean;
  std::vector<float> std;
};

// Traced for one image. Without `pixels`, a convolution that reads the image stays in float.
struct Network {
  const Graph& graph;
  const Weights& weights;
  std::optional<Pixels> pixels;
  // The graph for an image of another size, [1, 3, H, W]: the same nodes in the same order, only
  // shapes and constants differ. None: all images are of the graph's size.
  std::function<Graph(const Shape& image)> trace = {};
};

// What will be done to one layer or attention.
struct LayerPlan {
  std::string name;
  NodeId node = 0;           // the Linear, Conv2d, or MatMul of queries and keys
  NodeId output = 0;         // the same, or the attention's second MatMul
  std::optional<Bits> bits;  // none: float. Attentions have no weights
  std::int64_t weights = 0;  // elements
  std::int64_t bytes = 0;    // in the file: codes or floats, scales, biases
  bool attention = false;
  std::int64_t macs = 0;  // multiply-accumulates, of an attention those of both products
};

struct Progress {
  std::string layer;
  int index = 0;  // from 0
  int count = 0;
  double seconds = 0.0;       // since the start
  double seconds_left = 0.0;  // estimated from the work done
};

// What a rule's pattern means: ECMAScript's expressions without back-references, so that matching
// takes no longer for one pattern than for another of its length. Throws UnsupportedError for what
// is none, has more than 1,000 characters or a number of more than four digits.
std::regex layer_expression(const std::string& pattern);

// For the layer, or attention, of that very name.
LayerRule rule_for(const std::string& layer, std::optional<Bits> bits);
// As the record of a quantized network has them.
Json rules_to_json(const std::vector<LayerRule>& rules);

// How much an error in output tokens counts at each sum of the residual stream.
using TokenWeightsFound = std::map<NodeId, float>;

struct QuantizeOptions {
  Bits bits;
  std::vector<LayerRule> rules;  // the last that matches wins; one that matches nothing throws
  int threads = 0;               // 0: as many as this process may use
  std::int64_t memory_bytes = std::int64_t{2} << 30;  // activations beyond it go to a file
  std::filesystem::path scratch = "/tmp";             // where that file is, unnamed
  std::function<void(const Progress&)> progress;
  bool errors = true;               // whether the report has the ranges and errors of layers
  TokenWeightsFound token_weights;  // of the same network, images and recipe; if empty, measured
};

// Where a layer's inputs lie as they are coded, after channel_offset and smoothing_scale: of some
// rows, which stand for all.
struct InputSpread {
  std::int64_t rows = 0;             // none: nothing was noted
  float min = 0.0F, max = 0.0F;      // of the values of these rows
  std::vector<std::int64_t> counts;  // of the values in bins of equal width from least to most
  // Where the range of codes begins and ends. If frozen, the same three times; else what 5, 50 and
  // 95 % of the rows have at most.
  std::array<float, 3> lows = {}, highs = {};
};

// What happened to one layer or attention.
struct LayerReport {
  LayerPlan plan;
  Range range = Range::kPerToken;
  float min = 0.0F, max = 0.0F;  // of the inputs seen
  double clipped = 0.0;          // share of the inputs outside of a static range
  double error_before = 0.0;  // of the outputs, relative, rounding to nearest without corrections
  double error_after = 0.0;
  InputSpread inputs = {};
};

struct Quantized {
  Weights weights;  // codes, biases, the numbers of the scheme, and all that stays in float
  Scheme scheme;
  std::vector<LayerReport> report;
  TokenWeightsFound token_weights;  // that were used
  Json provenance;                  // {"recipe", "bits", "rules", "calibration", "images", "tool"}
};

// Every layer that can be quantized, in the order of the graph. Throws UnsupportedError for bits
// outside of 2..8, a rule that is no expression or that matches nothing.
std::vector<LayerPlan> plan_layers(const Network& network, const Recipe& recipe,
                                   const QuantizeOptions& options);

// The same inputs give the same bytes, whatever the number of threads. Throws WeightError (NaN),
// ShapeError (images that do not fit), UnsupportedError, LimitError (sums that 32 bits cannot
// hold), FileError (no room for the scratch file).
Quantized quantize(const Network& network, const CalibrationSet& calibration, const Recipe& recipe,
                   const QuantizeOptions& options);

Json report_to_json(const std::vector<LayerReport>& report);

}  // namespace vitq
