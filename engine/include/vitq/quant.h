// SPDX-License-Identifier: Apache-2.0
// How real numbers become integers: the parameters, where they apply, and the scalar functions that
// define quantization. Every kernel equals these functions bit for bit. Equations:
// docs/numerics.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "vitq/graph.h"
#include "vitq/json.h"
#include "vitq/weights.h"

namespace vitq {

// Bits of a digit: products of integers take operands of so many. Codes of up to twice as many are
// two digits, and their products two or four.
constexpr int kDigitBits = 8;
constexpr int kMostCodeBits = 2 * kDigitBits;
constexpr int digits_of(int bits) {
  return bits > kDigitBits ? 2 : 1;
}
// A code of an activation is kDigitBase * high + low, with digits from 0 to 255.
constexpr std::int32_t kDigitBase = 256;
// Such a code of a weight, key or value is base * high + low, where both are at most base / 2 in
// magnitude, or 64. Up to 14 bits these are digits of 7 bits, whose products never saturate.
constexpr std::int32_t weight_digit_base(int bits) {
  if (bits <= kDigitBits) return 1;
  return bits <= 14 ? 127 : 255;
}
struct WeightDigits {
  std::int8_t high, low;
};
constexpr WeightDigits weight_digits(std::int32_t code, std::int32_t base) {
  const std::int32_t half = code < 0 ? -(base / 2) : base / 2;
  const std::int32_t high = (code + half) / base;
  return {static_cast<std::int8_t>(high), static_cast<std::int8_t>(code - base * high)};
}

// One operand of one node: operand 0 of blocks.3.mlp.fc1 is its input, operand 1 its weight.
struct Site {
  NodeId node = 0;
  int operand = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees one in what the compiler makes of it
  friend auto operator<=>(const Site&, const Site&) = default;
};

// Where the range of a site comes from.
enum class Range : std::uint8_t {
  kStatic,      // from calibration, stored in QParams
  kPerToken,    // from the row (token) itself, in the pass that makes it
  kPerChannel,  // from the column itself, over all rows: V over the keys of one image and head
};

// QParams say how the values of a site are stored. Which form applies follows from the node and the
// operand:
//
// Operand 0 of a Linear or Conv2d has codes q in [0, max_code(bits)]. They stand for the real
//   x[c] = channel_offset[c] + smoothing_scale[c] * (lo + scale * q[c]).
//   kPerToken finds lo and scale in each row; kStatic holds one of each.
// Operand 1 of a Linear or Conv2d is kStatic. Its codes w lie in
//   [-max_weight_code(bits), max_weight_code(bits)]. They satisfy
//   smoothing_scale[c] * weight[o][c] = scale[o] * w[o][c].
//   The weight's tensor holds the codes, s8, or s16 where they have more than 8 bits. The
//   smoothing_scale is that of operand 0.
//   With a codebook each w is one of its entries instead, integers in [-127, 127].
// Operand 0 of a MatMul of queries and keys (transpose_b) is kPerToken. Its codes in [0, max_code]
// stand for
//   q[c] = channel_offset[c] + (lo + scale * code) / smoothing_scale[c].
// Operand 1 of it is kPerToken. Its codes in [-max_weight_code, max_weight_code] stand for
//   k[c] = channel_offset[c] + smoothing_scale[c] * scale * code.
//   Here `smoothing_scale` balances the two. It has one value per head and channel [heads * d], and
//   is stored with operand 1. Shifts are stored with their operand.
// Operand 0 of a MatMul of attention and values is the softmax code
//   p = rne(max_code * exp(l - max)).
// Operand 1 of it is v[c] = mean[c] + scale[c] * code, kPerChannel.
//   Its mean and scale are found per image.
struct QParams {
  int bits = 8;
  // In the rows of output tokens, where those have other bits. kPerToken only.
  std::optional<int> output_token_bits = {};
  Range range = Range::kPerToken;
  std::vector<float> scale = {};            // kStatic only
  std::vector<float> lo = {};               // kStatic activations only: one value
  std::vector<float> smoothing_scale = {};  // per channel, positive; empty: 1. Of a Conv2d: per
                                            // input channel, or [C, k, k]
  std::vector<float> channel_offset = {};   // per channel; empty: 0
  // Of inputs with kPerToken: the shares of a row's range that are cut off below and above; empty:
  // none. Output tokens with bits of their own are not clipped.
  std::vector<float> clip = {};
  // Of weights of fewer than 8 bits: the 2^bits codes there are, rising integers in [-127, 127];
  // empty: all within the bits.
  std::vector<float> codebook = {};

  int bits_of(bool output_token) const {
    return output_token ? output_token_bits.value_or(bits) : bits;
  }
  int most_bits() const { return std::max(bits, bits_of(true)); }
  friend bool operator==(const QParams&, const QParams&) = default;
};

// The element type of weight codes of so many bits.
constexpr DType code_type(int bits) {
  return bits > kDigitBits ? DType::kS16 : DType::kS8;
}

// What each site of a graph is stored as; a site that is not here stays in float. A Linear, Conv2d
// or MatMul has both operands here or none.
class Scheme {
 public:
  static Scheme float32() { return {}; }
  const QParams* find(Site site) const;
  void set(Site site, QParams params) { sites_[site] = std::move(params); }
  const std::map<Site, QParams>& sites() const { return sites_; }

 private:
  std::map<Site, QParams> sites_;
};

// The largest code of an activation and of a weight. Of 16 bits it is what two digits hold.
constexpr std::int32_t max_code(int bits) {
  return (1 << bits) - 1;
}
constexpr std::int32_t max_weight_code(int bits) {
  return bits < kMostCodeBits ? (1 << (bits - 1)) - 1 : 127 * weight_digit_base(bits) + 127;
}

// What is left of [lo, hi] without these shares of it at its ends.
struct RowRange {
  float lo, hi;

  RowRange clipped(float below, float above) const {
    const float width = hi - lo;
    if (!std::isfinite(width)) return *this;
    return {lo + below * width, hi - above * width};
  }
};
// The scale of a row that spans [lo, hi]: constant rows happen.
inline float row_scale(float lo, float hi, int bits) {
  return std::max((hi - lo) / static_cast<float>(max_code(bits)), 1e-9F);
}
// The code of v, given the inverse of the scale: nearest, ties to even, then clamped.
inline std::int32_t code_of(float v, float lo, float inverse_scale, int bits) {
  const float code = std::nearbyintf((v - lo) * inverse_scale);
  return static_cast<std::int32_t>(std::clamp(code, 0.0F, static_cast<float>(max_code(bits))));
}
inline std::int32_t signed_code_of(float v, float inverse_scale, int bits) {
  const auto top = static_cast<float>(max_weight_code(bits));
  return static_cast<std::int32_t>(std::clamp(std::nearbyintf(v * inverse_scale), -top, top));
}

// The rows (index on axis 1 of [N, tokens, ...]) that the network's outputs read: the class row, or
// class and distillation rows. A quantized layer may have a bias of its own for them: the tensor
// "<layer>.output_token_bias". Nothing if the outputs read all rows.
struct AxisSpan {
  int axis = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;

  friend bool operator==(const AxisSpan&, const AxisSpan&) = default;
};
std::optional<AxisSpan> output_tokens(const Graph& graph);

// A scheme lies in a model file as JSON, with {"node", "operand", "bits", "range"} per site, and
// "output_token_bits" where there are some. Its numbers are tensors "<node>.<operand>.scale",
// ".lo", ".smoothing_scale", ".channel_offset", ".clip" and ".codebook" beside the codes.
Json scheme_to_json(const Graph& graph, const Scheme& scheme);
void store_scheme(const Graph& graph, const Scheme& scheme, Weights& weights);
// This puts codes of other than 8 bits as they lie in a model file in place of what `weights`
// holds. Codes of 8 bits stay as they are.
void bit_pack(const Graph& graph, const Scheme& scheme, Weights& weights);
// This reads the scheme of a model file and unpacks its codes in `weights`. It throws FileError or
// WeightError for unknown nodes, counts that do not fit the layer, and codes outside of their bits.
// The same holds for scales that are not finite, positive and normal, for one operand without the
// other, and for clipping, codebooks and bits of output tokens where there can be none.
Scheme load_scheme(const Graph& graph, Weights& weights, const Json& json);

// Rows of codes [n, ...] of `bits` bits, s8 or s16 of more than 8, become u8 [n *
// bit_packed_row_bytes]. Each code is the two's complement of `bits` bits. One follows the other
// from the lowest bit of the first byte up. Every row begins a byte, and what its last byte has
// left over is 0.
Tensor bit_packed(const Tensor& codes, int bits);
// This returns the codes, of this shape. It throws WeightError if the bytes are not as many as they
// have to be, or if a left-over bit is not 0.
Tensor bit_unpacked(const Tensor& bytes, const Shape& shape, int bits);
std::int64_t bit_packed_row_bytes(std::int64_t columns, int bits);

}  // namespace vitq
