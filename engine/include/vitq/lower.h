// SPDX-License-Identifier: Apache-2.0
// Lowers a graph to a plan: in float, on values rounded to codes, or on the codes themselves. What
// a plan is made of (vitq/plan.h) concerns only who looks inside.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "vitq/graph.h"
#include "vitq/quant.h"
#include "vitq/weights.h"

namespace vitq {

struct Plan;

// How the sites of a scheme are computed.
enum class Numerics : std::uint8_t {
  kInteger,    // on integer codes, exactly
  kSimulated,  // in float, on values rounded to what the codes stand for
  // On integer codes, and everything between the sites on integers as well: values are s32 with 16
  // bits after the point. Floats are left in what the outputs are converted to at the end. Lowering
  // throws UnsupportedError for what has no such kernel.
  kIntegerOnly,
};

struct LowerOptions {
  Numerics numerics = Numerics::kInteger;
  // Compute only what the outputs read: after the last attention of a ViT, the class token.
  bool prune = true;
  // Of the network that this graph is a part of. Otherwise they follow from the graph's outputs.
  std::optional<AxisSpan> output_tokens = {};
  // Operands that a Tap will look at; nothing is fused away that would hide them.
  std::vector<Site> observe = {};
  // Values that the plan gives after the graph's own outputs, all of their rows: nothing is pruned.
  std::vector<GraphOutput> also = {};
};

// The plans and sessions of one network share a WeightCache, whatever their batch, image size and
// threads. It holds constants that lowering makes of the weights, and weights in the layouts that
// kernels want. Everything is made once, when it is first asked for. The cache is thread-safe.
class WeightCache;
std::shared_ptr<WeightCache> make_weight_cache();

// A plan takes u8 for this Input if all its readers in the graph are quantized convolutions whose
// codes are an image's bytes. It takes f32 if none is, and UnsupportedError is thrown if only some
// are.
DType input_type(const Graph& graph, const Scheme& scheme, NodeId input);

// One WeightError names all parameters of `graph` that `weights` lacks, holds in another shape, or
// holds with values that are not finite. It also names those in a type that is not floating point
// (or s8 codes where the scheme says so).
void require_weights(const Graph& graph, const Weights& weights, const Scheme& scheme);

// An input is u8, the bytes of an image, where all that reads it are quantized convolutions whose
// codes are those bytes. Such codes are static 8 bits with scale 1, lo 0, and an offset and a scale
// for each channel. lower() throws WeightError as require_weights does, ShapeError,
// UnsupportedError or LimitError. All plans made with one `cache` have to be of the same weights
// and scheme. If it is null, the plan has a cache of its own.
Plan lower(const Graph& graph, const Weights& weights, const Scheme& scheme,
           const LowerOptions& options, WeightCache* cache = nullptr);

// Whose kernels run the steps of a plan.
enum class Backend : std::uint8_t {
  kFast,       // the fastest kernel that applies
  kReference,  // plain loops, the arbiter
};

}  // namespace vitq
