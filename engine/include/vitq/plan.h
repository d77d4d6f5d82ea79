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

// A strided window on a buffer. Slices, transposes and splits into heads are views and cost
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

// What happens to a product before it is stored, in this order.
struct Epilogue {
  std::optional<View> residual;  // added
  Act act = Act::kNone;
};

namespace step {
// Writes in[0], whatever its strides, to out.
struct Copy {};
}  // namespace step

using StepOp = std::variant<op::Linear, op::Conv2d, op::MatMul, op::LayerNorm, op::Softmax,
                            op::Activate, op::Add, op::Scale, op::MaxPool, step::Copy>;
std::string_view name_of(const StepOp& op);

struct Step {
  std::string name;  // of the node
  NodeId node = 0;   // in the graph given to lower()
  StepOp op;
  std::vector<View> in;  // the operands, as vitq/op.h states them
  View out;
  Epilogue epilogue = {};  // of Linear and Conv2d
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
};

// All parameters of `graph` that `weights` lacks, holds in another shape, in a type that is not
// floating point, or with values that are not finite: one WeightError names them all.
void require_weights(const Graph& graph, const Weights& weights);

// Throws WeightError as require_weights does, ShapeError, UnsupportedError or LimitError.
Plan lower(const Graph& graph, const Weights& weights, const Scheme& scheme,
           const LowerOptions& options);

// Whose kernels run the steps of a plan.
enum class Backend : std::uint8_t {
  kOneDnn,     // the fastest kernel that applies, oneDNN's first
  kReference,  // plain loops, the arbiter
};

}  // namespace vitq
