// SPDX-License-Identifier: Apache-2.0
// Post-training quantization of any graph. It takes a network, images and a recipe, and gives
// integer weights and the scheme that says what they mean. It knows graphs, but no models.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/bits.h"
#include "vitq/calibration.h"
#include "vitq/graph.h"
#include "vitq/json.h"
#include "vitq/quant.h"
#include "vitq/recipe.h"
#include "vitq/weights.h"

namespace vitq {

// Gives these bits to all layers in whose name the pattern is found.
struct LayerRule {
  std::string pattern;       // see layer_expression
  std::optional<Bits> bits;  // none: float
};

// How the bytes of an image become the network's input: (byte / 255 - mean) / std per channel.
struct Pixels {
  std::vector<float> mean;
  std::vector<float> std;
};

// How far answers are from those of the float network, as the outputs' meaning has it.
enum class Loss : std::uint8_t {
  kSoftmaxKl,      // of one class of several: KL divergence in nats, over the last axis of output 0
  kSigmoidKl,      // of classes each for itself: the sum of their KL divergences in nats, likewise
  kRelativeError,  // of values: squared error over squared values, the mean over all outputs
};
// "KL" or "relative error".
std::string_view name_of(Loss loss);

struct Network {
  const Graph& graph;  // traced for one image
  const Weights& weights;
  std::optional<Pixels> pixels;  // without them, a convolution that reads the image stays in float
  // Traces the graph for an image of another size, [1, 3, H, W]. Nodes and their order stay the
  // same; only shapes and constants differ. If empty, all images have the graph's size.
  std::function<Graph(const Shape& image)> trace = {};
  Loss loss = Loss::kSoftmaxKl;
};

// What will be done to one layer or attention.
struct LayerPlan {
  std::string name;
  NodeId node = 0;           // the Linear, Conv2d, or MatMul of queries and keys
  NodeId output = 0;         // the same node, or the second MatMul of the attention
  std::optional<Bits> bits;  // none: float. Only the activation bits of an attention count
  std::optional<int> output_token_bits = {};  // of activations, where output tokens have more
  std::int64_t weights = 0;                   // elements; 0 for an attention
  std::int64_t bytes = 0;                     // in the file: codes or floats, scales and biases
  bool attention = false;
  std::int64_t macs = 0;  // multiply-accumulates; an attention has those of both products
};

struct Progress {
  std::string layer;
  int index = 0;  // from 0
  int count = 0;
  double seconds = 0.0;       // since the start
  double seconds_left = 0.0;  // estimated from the work done so far
};

// Whether a regular expression is found in a name.
using NamePredicate = std::function<bool(std::string_view name)>;
// Reads the pattern of a rule: a regular expression of ECMAScript without back-references,
// look-ahead "(?=", "(?!" and classes "[:alpha:]". The time to match is at most proportional to the
// product of the lengths of expression and name, where "x{3}" counts as "xxx". Throws
// UnsupportedError for a pattern that is no such expression or has more than 1,000 characters. A
// repeat of more than four digits is refused, and so are repeats that make more than 20,000 steps
// when written out.
NamePredicate layer_expression(const std::string& pattern);

// The rule for the layer or attention of that very name.
LayerRule rule_for(const std::string& layer, std::optional<Bits> bits);
// The form that Quantized::provenance records them in.
Json rules_to_json(const std::vector<LayerRule>& rules);

// How much an error in output tokens counts at each sum of the residual stream, against one in
// other tokens.
using TokenWeightsFound = std::map<NodeId, float>;

struct QuantizeOptions {
  Bits bits;
  std::vector<LayerRule> rules;                       // the last one that matches a layer wins
  int threads = 0;                                    // 0: as many as this process may use
  std::int64_t memory_bytes = std::int64_t{2} << 30;  // activations beyond it go to a file
  // The folder of that file, which has no name. Empty: the system's folder for temporary files.
  std::filesystem::path scratch;
  std::function<void(const Progress&)> progress;
  bool errors = true;  // whether the report has the ranges and errors of layers
  // Found before for the same network, images and recipe. If empty, they are measured.
  TokenWeightsFound token_weights;
};

// The distribution of a layer's inputs as the codes see them: without channel offset, divided by
// the smoothing scale. It is taken from a sample of rows.
struct InputSpread {
  std::int64_t rows = 0;         // in the sample; 0: nothing was noted
  float min = 0.0F, max = 0.0F;  // of the values in the sample
  // How many values lie in each of 48 bins of equal width from `min` to `max`.
  std::vector<std::int64_t> counts;
  // Where the range of the codes begins and ends, clipped if it is. Dynamic ranges differ from row
  // to row: these are their 5, 50 and 95 % quantiles. A static range is the same three times.
  std::array<float, 3> lows = {}, highs = {};
};

// What happened to one layer or attention.
struct LayerReport {
  LayerPlan plan;
  Range range = Range::kPerToken;
  float min = 0.0F, max = 0.0F;  // of all inputs
  double clipped = 0.0;          // the share of the inputs outside of the range of the codes
  // Shares of each row's range that are cut off below and above. Output tokens that have bits of
  // their own are not cut.
  std::array<float, 2> clip = {};
  // The weighted mean squared error of the layer's outputs over the variance of the targets.
  // Weights were rounded to nearest before, and all methods applied after.
  double error_before = 0.0;
  double error_after = 0.0;
  InputSpread inputs = {};
};

struct Quantized {
  Weights weights;  // codes, biases, the scheme's numbers, and the tensors that stay in float
  Scheme scheme;
  std::vector<LayerReport> report;
  TokenWeightsFound token_weights;  // those that were used
  Json provenance;                  // {"recipe", "bits", "rules", "calibration", "images", "tool"}
};

// All layers and attentions that can be quantized, in the order of the graph. Throws
// UnsupportedError for bits outside of kMinBits to kMaxBits, and for a rule that is no expression
// or that matches nothing.
std::vector<LayerPlan> plan_layers(const Network& network, const Recipe& recipe,
                                   const QuantizeOptions& options);

// Quantizes the network. The same inputs give the same bytes, whatever the number of threads.
// Throws WeightError for NaN in the weights, ShapeError for images that do not fit, and LimitError
// for a layer whose sums 32 bits cannot hold. Throws FileError if there is no room for the scratch
// file. Throws UnsupportedError as plan_layers does, and for NaN in an image, no image, or several
// inputs.
Quantized quantize(const Network& network, const CalibrationSet& calibration, const Recipe& recipe,
                   const QuantizeOptions& options);

Json report_to_json(const std::vector<LayerReport>& report);

}  // namespace vitq
