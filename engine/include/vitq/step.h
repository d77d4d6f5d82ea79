// SPDX-License-Identifier: Apache-2.0
// The steps of a plan: what they do, and which views of buffers they read and write.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "vitq/graph.h"
#include "vitq/op.h"
#include "vitq/quant.h"
#include "vitq/row_coding.h"

namespace vitq {

// What happens to a product before it is stored, in this order.
struct Epilogue {
  std::optional<View> residual = {};  // added
  Act act = Act::kNone;
  std::optional<View> act_pieces = {};  // of values s32: plan/fixed_point.h
  // Stored as codes; as the values they stand for, if out is f32 and there is no view of codes.
  std::optional<RowCoding> coding = {};
  std::optional<View> codes = {};  // u8: where codes go beside values in out
};

// Values are f32, or s32 where the network runs on integers only (Numerics::kIntegerOnly). What is
// said of f32 operands below holds for their values in s32, too, with these differences.
// A weight_scale is s32 [2, n], multipliers and shifts, and a lo_term is the sum of the weights'
// codes. Factors have 20 bits after the point.
//
// These structs say what steps do, with their operands by name. `views` calls visit(view) for each
// operand, those of the node first and in the order of vitq/op.h. Then it does so for everything
// else that the step reads or writes. A view that it forgets would share its memory with another.
namespace step {

template <typename MaybeView, typename Visit>
void visit_if(MaybeView& view, const Visit& visit) {
  if (view) visit(*view);
}
template <typename Coding, typename Visit>
void visit_coding(Coding& coding, const Visit& visit) {
  visit_if(coding.channel_offset, visit);
  visit_if(coding.inverse_smoothing, visit);
  visit_if(coding.ranges, visit);
}

// out = x weight^T + bias; x [..., k], weight [n, k], bias [n].
struct Linear {
  View x, weight;
  std::optional<View> bias = {};

  template <typename Self, typename Visit>
  static void views(Self& self, const Visit& visit) {
    visit(self.x);
    visit(self.weight);
    visit_if(self.bias, visit);
  }
};

// x [N, C, H, W], weight [O, C, kh, kw], bias [O].
struct Conv2d {
  op::Conv2d conv;
  View x, weight;
  std::optional<View> bias = {};

  template <typename Self, typename Visit>
  static void views(Self& self, const Visit& visit) {
    visit(self.x);
    visit(self.weight);
    visit_if(self.bias, visit);
  }
};

// out = scale * a b; a [..., m, k], b [..., k, n], or [..., n, k] if transpose_b.
struct MatMul {
  op::MatMul matmul;
  View a, b;

  template <typename Self, typename Visit>
  static void views(Self& self, const Visit& visit) {
    visit(self.a);
    visit(self.b);
  }
};

// Over the last axis; x [..., n], gain [n], bias [n].
struct LayerNorm {
  float eps = 1e-6F;
  View x, gain, bias;

  template <typename Self, typename Visit>
  static void views(Self& self, const Visit& visit) {
    visit(self.x);
    visit(self.gain);
    visit(self.bias);
  }
};

// Steps that have two operands, both of the shape of out.
struct Binary {
  View a, b;

  template <typename Self, typename Visit>
  static void views(Self& self, const Visit& visit) {
    visit(self.a);
    visit(self.b);
  }
};

struct Add : Binary {};       // out = a + b
struct Multiply : Binary {};  // out = a * b

// Steps that have one operand.
struct Unary {
  View x;

  template <typename Self, typename Visit>
  static void views(Self& self, const Visit& visit) {
    visit(self.x);
  }
};
struct Softmax : Unary {};     // over the last axis
struct UnitLength : Unary {};  // over the last axis
struct Activate : Unary {
  Act kind = Act::kNone;
  std::optional<View> pieces = {};  // of values s32

  template <typename Self, typename Visit>
  static void views(Self& self, const Visit& visit) {
    visit(self.x);
    visit_if(self.pieces, visit);
  }
};
struct Scale : Unary {
  float factor = 1.0F;
};
struct Sine : Unary {};
struct Mean : Unary {};   // over the tokens of x [N, T, C]; out [N, 1, C]
struct MaxPool : Unary {  // x [N, C, H, W]
  op::MaxPool pool;
};
// Writes x, whatever its strides, to out.
struct Copy : Unary {};
struct ToFloat : Unary {};  // values s32 as f32
// x as the epilogue's coding says: rows [..., n], or patches, whose rows are out, f32.
struct Quantize : Unary {};

// Patches of an image, each of which becomes a row of codes [N, H', W', n] inside of the step that
// reads them. The row ends in zeros where n is more than kernel * kernel * C.
struct Im2col {
  View image;  // [N, H', W', kernel, kernel, C], f32, or u8: codes already
  // Memory for what is done to a pixel once, though many patches share it, where that is asked for.
  std::optional<View> smoothed = {};  // f32 [pixels, C]: without their offsets, by their scales
  std::optional<View> ranges = {};    // f32 [pixels, 2], of the values that are coded
};

// y = ((acc * (s * weight_scale[o])) + lo * lo_term[o]) + bias[o], with the exact sum
// acc = sum_c weight[o][c] * x[c]. Here s and lo are those of the row's codes.
struct IntegerLinear {
  std::optional<View> x = {};         // u8 codes [..., k]; either these
  std::optional<Im2col> im2col = {};  // or patches, which the step codes itself
  View weight = {};                   // s8 [n, k], or of two digits [2 n, k], the high ones first
  std::int32_t weight_base = 1;       // of two digits (weight_digit_base)
  View weight_scale = {};             // f32 [n]
  View lo_term = {};                  // f32 [n]: weight_scale times the sum of the weights' codes
  View bias = {};                     // f32 [n]
  std::optional<View> output_bias = {};  // f32 [n]: instead, in these rows
  OutputRows output_rows = {};
  RowCoding coding = {};  // of x: scale and lo of all rows, or where each row's are

  template <typename Self, typename Visit>
  static void views(Self& self, const Visit& visit) {
    visit_if(self.x, visit);
    if (self.im2col) {
      visit(self.im2col->image);
      visit_if(self.im2col->smoothed, visit);
      visit_if(self.im2col->ranges, visit);
    }
    visit(self.weight);
    visit(self.weight_scale);
    visit(self.lo_term);
    visit(self.bias);
    visit_if(self.output_bias, visit);
    visit_coding(self.coding, visit);
  }
};

// softmax(scale q k^T) v on codes, head by head. docs/numerics.md has the formulas.
struct Attention {
  float scale = 1.0F;
  View q = {}, k = {}, v = {};  // f32 [N, H, T, d]; values may be wider or narrower
  // This f32 [N, 1, 1, T] is added to all scores of a key. It is 0, or so far below that nothing is
  // left. Keys that it hides have no part in the ranges of the values.
  std::optional<View> hidden = {};
  QParams q_params = {}, k_params = {}, p_params = {}, v_params = {};
  OutputRows q_output = {}, k_output = {};  // which of the T are output tokens
  // f32 constants [H * d]. Queries and keys are coded as (x - offset) * factor, and what the
  // queries' offset adds to a score is q_score.
  View q_offset = {}, q_factor = {}, k_offset = {}, k_factor = {}, q_score = {};

  template <typename Self, typename Visit>
  static void views(Self& self, const Visit& visit) {
    visit(self.q);
    visit(self.k);
    visit(self.v);
    visit_if(self.hidden, visit);
    visit(self.q_offset);
    visit(self.q_factor);
    visit(self.k_offset);
    visit(self.k_factor);
    visit(self.q_score);
  }
};

}  // namespace step

using StepOp = std::variant<step::Linear, step::Conv2d, step::MatMul, step::LayerNorm,
                            step::Softmax, step::Activate, step::Add, step::Multiply, step::Scale,
                            step::Sine, step::Mean, step::MaxPool, step::Copy, step::Quantize,
                            step::IntegerLinear, step::Attention, step::UnitLength, step::ToFloat>;
std::string_view name_of(const StepOp& op);

struct Step {
  std::string name;  // of the node
  NodeId node = 0;   // in the graph given to lower()
  StepOp op;
  View out;
  // Of Linear, Conv2d and IntegerLinear; coding of LayerNorm and Quantize; codes of IntegerLinear.
  Epilogue epilogue = {};
};

// Calls visit(view) for everything that a step reads or writes: the node's operands first. The
// views may be changed.
template <typename StepType, typename Visit>
void for_each_view(StepType& step, const Visit& visit) {
  std::visit([&](auto& op) { std::remove_cvref_t<decltype(op)>::views(op, visit); }, step.op);
  visit(step.out);
  step::visit_if(step.epilogue.residual, visit);
  step::visit_if(step.epilogue.codes, visit);
  step::visit_if(step.epilogue.act_pieces, visit);
  if (step.epilogue.coding) step::visit_coding(*step.epilogue.coding, visit);
}

// Operand `index` of the step's node, as vitq/op.h counts them. Null where there is none, or where
// the step never stores it: patches that it codes itself, and what goes into an attention.
const View* operand(const Step& step, int index);

}  // namespace vitq
