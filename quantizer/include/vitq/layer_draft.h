// SPDX-License-Identifier: Apache-2.0
// One layer while it is being quantized: what it computes in float, and what has been decided of
// its quantized form. docs/numerics.md has the equations.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vitq/graph.h"
#include "vitq/matrix.h"
#include "vitq/quant.h"
#include "vitq/recipe.h"

namespace vitq {

// Which results a quantized layer is fitted to.
enum class Target : std::uint8_t {
  kFloatStream,  // those of the float network, so that errors of earlier layers are made up for
  kOwnInputs,    // those of its float weights on its own, quantized inputs
};

// A Linear or a Conv2d: n outputs for each row of k inputs. A Conv2d multiplies its weights with
// the patches under its kernel (im2col).
struct LayerDraft {
  std::string name;
  NodeId node = 0;
  Role role = Role::kInner;
  int weight_bits = kDigitBits;
  int activation_bits = kDigitBits;

  Matrix weight;                    // [n, k], in float
  std::vector<float> bias;          // [n], in float; 0 where the layer has none
  std::vector<std::int64_t> parts;  // sizes of outputs that are read apart, such as Q, K and V
  Target target = Target::kFloatStream;

  // How the inputs are quantized. A Conv2d has one smoothing scale and one channel offset per input
  // channel.
  QParams input;
  // [n, k]: the real weights that the codes shall stand for. They are smoothing_scale * weight,
  // unless a method has moved them to make up for errors of the inputs.
  Matrix goal;
  std::vector<float> scale;              // [n], of the weight codes
  std::vector<float> codebook;           // what codes can be; empty: all that the bits allow
  std::vector<std::int16_t> codes;       // [n, k]
  std::vector<float> new_bias;           // [n], of the quantized layer
  std::vector<float> output_token_bias;  // [n], replaces new_bias in output tokens; or empty
};

// The smoothing scale and the channel offset of each column of the weight, [k]: 1 and 0 where the
// draft has none.
std::vector<float> column_smoothing(const LayerDraft& layer);
std::vector<float> column_offset(const LayerDraft& layer);
// Sets smoothing scales and channel offsets of the input, and with them the goal. Each list has one
// value per input channel or is empty. Nothing is clipped then.
void set_smoothing(LayerDraft& layer, std::vector<float> smoothing_scale,
                   std::vector<float> channel_offset);

// The float layer's outputs [rows, n] for inputs [rows, k].
Matrix float_outputs(const LayerDraft& layer, const Matrix& x);

// Which numbers the codes of one row stand for: lo + scale * code, with codes of `bits` bits.
struct RowCodes {
  float lo, scale;
  int bits;

  float hi() const { return lo + scale * static_cast<float>(max_code(bits)); }
};
// Of a row without channel offset, divided by the smoothing scale.
RowCodes row_codes(const QParams& input, std::span<const float> row, bool output_token);

// What the codes of these inputs [rows, k] stand for before smoothing scale and channel offset are
// put back: lo + scale * code. Rows `output` are output tokens.
Matrix dequantized_inputs(const LayerDraft& layer, const Matrix& x, RowSpan output);
// scale * codes, [n, k].
Matrix dequantized_weights(const LayerDraft& layer);
// The quantized layer's outputs [rows, n], with `new_bias`, for dequantized inputs [rows, k].
Matrix outputs(const LayerDraft& layer, const Matrix& dequantized);
// The part of the outputs that channel offsets give, [n]: the sum over the k columns of
// dequantized weight * channel_offset / smoothing_scale. The engine adds it to the bias.
std::vector<float> offset_part(const LayerDraft& layer);

// The two products of an attention while their operands are being quantized: queries with keys
// [heads, tokens, dim], then probabilities with values.
struct AttentionDraft {
  std::string name;
  NodeId logits = 0;  // the MatMul of queries and keys
  NodeId output = 0;  // the MatMul of probabilities and values
  std::int64_t heads = 1;
  std::int64_t dim = 1;  // of one head
  float scale = 1.0F;    // of the logits
  int bits = kDigitBits;
  RowSpan output_tokens;  // which rows of queries and keys are output tokens

  QParams query;
  QParams key;
  QParams probability;
  QParams value;
};

}  // namespace vitq
