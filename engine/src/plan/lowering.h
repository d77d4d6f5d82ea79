// SPDX-License-Identifier: Apache-2.0
// The walk from graph to plan: one step per node that computes something, views for the rest. Its
// parts lie in lowering.cpp (the walk), products.cpp (float products), integer.cpp (products on
// codes) and buffers.cpp (memory).
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "plan/fuse.h"
#include "vitq/plan.h"

namespace vitq {

// What the walk works on. Scheme, options and output tokens count nodes and rows of this graph.
struct LoweringInput {
  const Graph& graph;
  const Weights& weights;
  const Scheme& scheme;
  const LowerOptions& options;
  const std::map<NodeId, AxisSpan>& output_tokens;  // of linear layers, where some rows are output
};

// Sums of `k` products of codes must fit 32 bits: throws UnsupportedError where they might not.
void require_no_overflow(const Node& node, std::int64_t k);

class Lowering {
 public:
  explicit Lowering(const LoweringInput& input);
  Plan run();

 private:
  // lowering.cpp
  void place(NodeId id);
  void emit(NodeId id, const op::Input&);
  void emit(NodeId id, const op::Param&);
  void emit(NodeId id, const op::Constant& constant);
  void emit(NodeId id, const op::Slice& slice);
  void emit(NodeId id, const op::Permute& permute);
  void emit(NodeId id, const op::Reshape&);
  void emit(NodeId id, const op::Concat& concat);
  void emit(NodeId id, const op::Add& add);
  void emit(NodeId id, const op::MatMul& matmul);
  void emit(NodeId id, const op::LayerNorm& norm);
  void emit(NodeId id, const op::Softmax& softmax);
  void emit(NodeId id, const op::MaxPool& pool);
  void emit(NodeId id, const op::Activate& activate);
  void emit(NodeId id, const op::Scale& scale);
  void emit(NodeId, const op::Linear&) {}  // emitted with their fusion
  void emit(NodeId, const op::Conv2d&) {}
  void store(NodeId id, StepOp op, std::vector<View> in);

  // products.cpp
  void product(NodeId id, const Fusion& fusion);
  void overlapping_patches(NodeId root, const View& out, const Epilogue& epilogue);
  View channels_last(NodeId root, const View& x);
  View copied_channels_last(NodeId root, const View& x);
  View whole_image(NodeId root, const View& x);
  View rows_of(NodeId root, const View& patches);
  View framed(NodeId root, View x, int pad, bool bytes);
  View zero();
  View padded(NodeId root, const View& x, const View& value, int pad);
  void linear(NodeId root, View x, const View& out, Epilogue epilogue);
  View result(NodeId id) { return result(id, id); }
  View result(NodeId id, NodeId root);
  View product_result(NodeId id);

  // integer.cpp
  bool quantized(NodeId id) const;
  const QParams& params(NodeId id, int operand) const { return *scheme_.find({id, operand}); }
  void integer_linear(NodeId root, const View& x, const View& out, Epilogue epilogue);
  void simulated_linear(NodeId root, const View& x, const View& out, Epilogue epilogue);
  // Rows of x as codes, and how they were coded.
  struct Coded {
    NodeId operand;
    View source;
    QParams params;
    View codes;
    RowCoding coding;
  };
  Coded coded(NodeId root, const View& x);
  step::Im2col im2col(const View& x, const RowCoding& coding);
  bool holds_pixels(NodeId root) const;
  View pixels(NodeId root, const View& x);
  View pixels_of_zero(NodeId root);
  RowCoding coding_of(const QParams& params, const View& x);
  // An attention on codes.
  struct AttentionNodes {
    NodeId qk = 0;
    std::optional<NodeId> hidden;  // [N, 1, 1, T]: added to the scores of the keys
    std::vector<NodeId> inside;    // what the step takes over; empty: not an attention
  };
  AttentionNodes attention_nodes(NodeId av) const;
  void find_attentions();
  void attention(NodeId av);

  // buffers.cpp
  View fresh(const Shape& shape, DType dtype = DType::kF32);
  View fresh(const Shape& shape, std::span<const int> order, DType dtype = DType::kF32);
  View constant_view(Tensor value);
  View constant_view(std::span<const float> values);
  View copy(NodeId id, const View& from);
  View as_output(const View& view, NodeId id);
  View columns_last(NodeId id, const View& view);
  View innermost_contiguous(NodeId id, const View& view);
  Step& add_step(NodeId node, StepOp op, std::vector<View> in, View out, Epilogue epilogue = {});
  View operand(NodeId id, int index) const;

  const Graph& graph_;
  const Weights& weights_;
  const Scheme& scheme_;
  const LowerOptions& options_;
  const std::map<NodeId, AxisSpan>& output_tokens_;
  Fusions fusions_;
  std::vector<std::vector<NodeId>> readers_;
  std::map<NodeId, AttentionNodes> attentions_;  // by av
  std::vector<bool> absorbed_;
  std::vector<View> places_;
  std::vector<Coded> coded_;  // so far: layers that read the same rows share their codes
  Plan plan_;
};

}  // namespace vitq
