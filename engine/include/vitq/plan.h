// SPDX-License-Identifier: Apache-2.0
// The executable form of a graph: a list of steps over strided views of buffers, with element-wise
// work fused into the products that feed it and every buffer placed in one arena. A Plan is
// immutable and may be shared between threads; a Session (vitq/session.h) runs it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vitq/graph.h"
#include "vitq/quant.h"
#include "vitq/tensor.h"
#include "vitq/weights.h"

namespace vitq {

using BufferId = std::int32_t;

// A strided patch on a buffer. Slices, transposes and splits into heads are views and cost
// nothing.
struct View {
  BufferId buffer = -1;
  std::int64_t offset = 0;  // in elements
  Shape dims;
  std::array<std::int64_t, Shape::kMaxRank> strides = {};  // in elements; 0 repeats
  DType dtype = DType::kF32;
};

struct Buffer {
  enum class Home : std::uint8_t { kArena, kConstant, kInput };

  Home home = Home::kArena;
  std::int64_t bytes = 0;
  std::int64_t offset = 0;  // in the arena; otherwise the index of the constant or input
};

// How rows of floats become codes: code = rne((v - lo) / scale) with v = (x - channel_offset) /
// smoothing_scale, within [0, max_code(bits)].
struct RowCoding {
  int bits = 8;
  Range range = Range::kPerToken;
  float scale = 1.0F;                       // kStatic
  float lo = 0.0F;                          // kStatic
  std::optional<View> channel_offset = {};  // f32 constants, one value per column; both or none
  std::optional<View> inverse_smoothing = {};
  std::optional<View> rows = {};  // kPerToken: f32 [..., 2], where scale and lo of each row go
};

// What happens to a product before it is stored, in this order.
struct Epilogue {
  std::optional<View> residual = {};  // added
  Act act = Act::kNone;
  // Stored as codes; as the values they stand for, if out is f32 and there is no view of codes.
  std::optional<RowCoding> coding = {};
  std::optional<View> codes = {};  // u8: where codes go beside values in out
};

namespace step {

// Writes in[0], whatever its strides, to out.
struct Copy {};
// in[0] as the epilogue's coding says: rows [..., n], or patches, whose rows are out, f32.
struct Quantize {};
// Patches on an image, each of which becomes a row [N, H', W', n], with zeros where n is more than
// kernel * kernel * C.
struct Im2col {
  View image;                  // [N, H', W', kernel, kernel, C], f32, or u8: codes already
  std::optional<View> ranges;  // f32 [pixels, 2]: memory for the range of each, if rows have one
};
// Network inputs on the grid of 8-bit pixels back to pixels: rne((in[0] - channel_offset) /
// smoothing_scale) with one value per channel, f32 [N, C, H, W] -> u8.
struct Pixels {
  std::vector<float> channel_offset, smoothing_scale;
};
// y = ((acc * (s * u[o])) + lo * r[o]) + b[o] with acc = sum_c weight[o][c] * x[c] exactly; the
// operands are x (u8 codes), weight (s8 [n, k]), u, r, b (f32 [n]), and where output tokens have a
// bias of their own, that. With patches, x is memory that the step itself fills with their codes.
struct IntegerLinear {
  int act_bits = 8;
  RowCoding coding;  // of x: scale and lo of all rows, or where each row's are
  std::optional<Im2col> im2col = {};
  std::int64_t row_period = 0;  // rows r with r % row_period in [output_begin, output_end) are
  std::int64_t output_begin = 0, output_end = 0;  // output; 0: none
};
// softmax(scale q k^T) v on codes, per head; the operands are q, k, v (f32 [N, H, T, d]) and, where
// keys are padding, what is added to all scores of a key (f32 [N, 1, 1, T]): 0, or so far below
// that nothing is left. Such keys have no part in the ranges of the values. docs/numerics.md has
// the formulas.
struct Attention {
  float scale = 1.0F;
  QParams q, k, p, v;
  // f32 constants [H * d]: what is taken out of queries and keys, as (x - channel_offset) * factor,
  // and what the channel_offset of the queries adds to a score.
  View q_shift = {}, q_factor = {}, k_shift = {}, k_factor = {}, q_offset = {};
  std::int64_t slots = 1;  // threads that may work at the same time, each in its part of scratch
};

}  // namespace step

using StepOp = std::variant<op::Linear, op::Conv2d, op::MatMul, op::LayerNorm, op::Softmax,
                            op::Activate, op::Add, op::Scale, op::MaxPool, step::Copy,
                            step::Quantize, step::Pixels, step::IntegerLinear, step::Attention>;
std::string_view name_of(const StepOp& op);

struct Step {
  std::string name;  // of the node
  NodeId node = 0;   // in the graph given to lower()
  StepOp op;
  std::vector<View> in;  // the operands, as vitq/op.h states them
  View out;
  // Of Linear, Conv2d and IntegerLinear; coding of LayerNorm and Quantize; codes of IntegerLinear.
  Epilogue epilogue = {};
  std::optional<View> scratch = {};  // memory that only this step uses
};

struct PlanOutput {
  std::string name;
  View view;  // dense, row-major
};

struct Plan {
  std::vector<Step> steps;
  std::vector<Buffer> buffers;
  std::vector<Tensor> constants;
  std::vector<Shape> inputs;
  std::vector<PlanOutput> outputs;
  std::int64_t arena_bytes = 0;
};

// How the sites of a scheme are computed.
enum class Numerics : std::uint8_t {
  kInteger,    // on integer codes, exactly
  kSimulated,  // in float, on values rounded to what the codes stand for
};

struct LowerOptions {
  Numerics numerics = Numerics::kInteger;
  // Compute only what the outputs read: after the last attention of a ViT, the class row.
  bool prune = true;
  // Operands that a Tap will look at; nothing is fused away that would hide them.
  std::vector<Site> observe = {};
  // Values that the plan gives after the graph's own outputs, all of their rows: nothing is pruned.
  std::vector<GraphOutput> also = {};
};

// All parameters of `graph` that `weights` lacks, holds in another shape, in a type that is not
// floating point (or s8 codes where the scheme says so), or with values that are not finite: one
// WeightError names them all.
void require_weights(const Graph& graph, const Weights& weights, const Scheme& scheme);

// Throws WeightError as require_weights does, ShapeError, UnsupportedError or LimitError.
Plan lower(const Graph& graph, const Weights& weights, const Scheme& scheme,
           const LowerOptions& options);

// Whose kernels run the steps of a plan.
enum class Backend : std::uint8_t {
  kOneDnn,     // the fastest kernel that applies, oneDNN's first
  kReference,  // plain loops, the arbiter
};

}  // namespace vitq
