// SPDX-License-Identifier: Apache-2.0
// One layer while it is being quantized: what it computes in float, and what of its quantized form
// has been decided. Equations: docs/numerics.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vitq/graph.h"
#include "vitq/matrix.h"
#include "vitq/quant.h"

namespace vitq {

// Where a layer stands in the network.
enum class Role : std::uint8_t {
  kInput,   // reads the image itself
  kInner,   // everything between
  kOutput,  // is reached by the output tokens alone: a classification head
};

// What the quantized layer is meant to give.
enum class Target : std::uint8_t {
  kFloatStream,  // what it gives in the float network, whatever has gone wrong before it
  kOwnInputs,    // what its float weights would make of its own, quantized inputs
};

// A Linear, or a Conv2d as the product of its weights with the patches under them: n results per
// row of k inputs.
struct LayerDraft {
  std::string name;
  NodeId node = 0;
  Role role = Role::kInner;
  int weight_bits = 8;
  int activation_bits = 8;

  Matrix weight;                    // [n, k], in float
  std::vector<float> bias;          // [n], in float; 0 where the layer has none
  std::vector<std::int64_t> parts;  // extents of the results that are read apart, such as Q, K, V
  Target target = Target::kFloatStream;

  // Operand 0. For a Conv2d, smoothing_scale and channel_offset have one value per input channel.
  QParams input;
  // [n, k]: the real weights that the codes shall stand for. smoothing_scale * weight, unless a
  // method moves it to where it makes up for errors in the inputs.
  Matrix goal;
  std::vector<float> scale;              // [n], of the codes
  std::vector<std::int8_t> codes;        // [n, k]
  std::vector<float> new_bias;           // [n]
  std::vector<float> output_token_bias;  // [n], used for output tokens instead; or empty
};

// Fold and channel_offset per column of the weight: 1 and 0 where the draft has none.
std::vector<float> column_smoothing(const LayerDraft& layer);
std::vector<float> column_offset(const LayerDraft& layer);
// Sets smoothing_scale and channel_offset of the input (one each per input channel, or none) and
// the goal with them.
void set_smoothing(LayerDraft& layer, std::vector<float> smoothing_scale,
                   std::vector<float> channel_offset);

// What the layer makes of inputs [rows, k] in float: [rows, n].
Matrix float_outputs(const LayerDraft& layer, const Matrix& x);

// What the codes of these inputs [rows, k] stand for, without smoothing_scale and channel_offset:
// lo + scale * code.
Matrix dequantized_inputs(const LayerDraft& layer, const Matrix& x);
// scale * codes, [n, k].
Matrix dequantized_weights(const LayerDraft& layer);
// What the quantized layer makes of dequantized inputs [rows, k], with `new_bias`: [rows, n].
Matrix outputs(const LayerDraft& layer, const Matrix& dequantized);
// The sum over k of dequantized weights times channel_offset / smoothing_scale, [n]: the part of
// the outputs that the channel_offset gives, and that the engine adds to the bias by itself.
std::vector<float> offset_part(const LayerDraft& layer);

// Two operands of an attention while they are being quantized: queries and keys [heads, tokens, d],
// probabilities and values.
struct AttentionDraft {
  std::string name;
  NodeId logits = 0;  // the MatMul of queries and keys
  NodeId output = 0;  // the MatMul of probabilities and values
  std::int64_t heads = 1;
  std::int64_t dim = 1;  // of a head
  float scale = 1.0F;    // of the logits
  int bits = 8;

  QParams query;
  QParams key;
  QParams probability;
  QParams value;
};

}  // namespace vitq
