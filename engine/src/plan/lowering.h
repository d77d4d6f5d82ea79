// SPDX-License-Identifier: Apache-2.0
// From graph to plan, node by node: one function for each kind of node, in the file that is named
// after what it lowers. lower.cpp has the walk.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/text.h"
#include "plan/fixed_point.h"
#include "plan/fuse.h"
#include "plan/plan_builder.h"
#include "plan/weight_cache.h"
#include "vitq/lower.h"
#include "vitq/plan.h"

namespace vitq {

// An attention that becomes one step, by the product with the values.
struct AttentionNodes {
  NodeId qk = 0;
  std::optional<NodeId> hidden;  // [N, 1, 1, T]: added to the scores of the keys
  std::vector<NodeId> inside;    // what the step takes over; empty: not an attention
};

// Rows that have been coded. Layers that read the same rows share their codes.
struct CodedRows {
  NodeId operand;
  View source;
  QParams params;
  View codes;
  RowCoding coding;
};

// What every function works on. Scheme, options and output tokens count nodes and rows of `graph`.
struct LoweringContext {
  const Graph& graph;
  const Weights& weights;
  const Scheme& scheme;
  const LowerOptions& options;
  const std::map<Site, AxisSpan>& output_tokens;  // in operands of layers and attentions
  WeightCache& cache;
  Fusions fusions;
  std::vector<std::vector<NodeId>> readers;
  std::map<NodeId, AttentionNodes> attentions;  // by the product with the values
  std::vector<View> places;                     // of the results so far, by node
  std::vector<CodedRows> coded;                 // so far
  PlanBuilder builder;

  bool quantized(NodeId id) const { return scheme.find({id, 0}) != nullptr; }
  const QParams& params(NodeId id, int operand) const { return *scheme.find({id, operand}); }
  // Which rows of an operand of `tokens` rows are output tokens; none where all or none are.
  OutputRows output_rows(Site site, std::int64_t tokens) const {
    const auto found = output_tokens.find(site);
    if (found == output_tokens.end()) return {};
    return {tokens, found->second.begin, found->second.end};
  }
  // Where an operand of a node lies.
  View operand(NodeId id, int index) const { return places[at(graph[id].inputs[at(index)])]; }
  std::optional<View> optional_operand(NodeId id, int index) const {
    if (at(index) >= graph[id].inputs.size()) return std::nullopt;
    return operand(id, index);
  }
  bool integer_only() const { return options.numerics == Numerics::kIntegerOnly; }
  // What stands for these f32 constants among the values of the plan.
  Tensor as_values(const Tensor& floats) const {
    return integer_only() ? fixed_values(floats) : floats;
  }
  // Such constants, `name` and `what` as below.
  template <typename Make>
  View constant_values(const std::string& name, const char* what, const Make& make) {
    return builder.constant(once<Tensor>(name, what, [&] { return as_values(make()); }));
  }
  // What stands for an activation function beside its name.
  std::optional<View> act_pieces(Act act) {
    if (!integer_only() || !fixed_function(act)) return std::nullopt;
    const std::string name = cat("function ", static_cast<int>(act));
    return builder.constant(once<Tensor>(name, "pieces", [&] { return function_pieces(act); }));
  }
  // What `make` gives, made once for all plans that share the cache. `make` may not ask for more.
  template <typename T, typename Make>
  T once(const std::string& name, const char* what, const Make& make) const {
    return cache.get<T>((integer_only() ? "lower/integer only/" : "lower/") + name + "/" + what,
                        make);
  }
};

// Adds the steps of a node, if it computes something, and returns where its result lies. `id` is
// the node that is stored: of a Linear or Conv2d, the last that the epilogue takes over.

// lower_input.cpp
View lower_op(LoweringContext& context, NodeId id, const op::Input& input);
View lower_op(LoweringContext& context, NodeId id, const op::Param& param);
View lower_op(LoweringContext& context, NodeId id, const op::Constant& constant);
View lower_op(LoweringContext& context, NodeId id, const op::Resample& resample);
// lower_view.cpp
View lower_op(LoweringContext& context, NodeId id, const op::Slice& slice);
View lower_op(LoweringContext& context, NodeId id, const op::Permute& permute);
View lower_op(LoweringContext& context, NodeId id, const op::Reshape& reshape);
View lower_op(LoweringContext& context, NodeId id, const op::Concat& concat);
// lower_rows.cpp
View lower_op(LoweringContext& context, NodeId id, const op::LayerNorm& norm);
View lower_op(LoweringContext& context, NodeId id, const op::Softmax& softmax);
View lower_op(LoweringContext& context, NodeId id, const op::UnitLength& unit_length);
View lower_op(LoweringContext& context, NodeId id, const op::Activate& activate);
View lower_op(LoweringContext& context, NodeId id, const op::Add& add);
View lower_op(LoweringContext& context, NodeId id, const op::Multiply& multiply);
View lower_op(LoweringContext& context, NodeId id, const op::Scale& scale);
View lower_op(LoweringContext& context, NodeId id, const op::Sine& sine);
View lower_op(LoweringContext& context, NodeId id, const op::Mean& mean);
View lower_op(LoweringContext& context, NodeId id, const op::MaxPool& pool);
// lower_linear.cpp
View lower_op(LoweringContext& context, NodeId id, const op::Linear& linear);
View lower_op(LoweringContext& context, NodeId id, const op::MatMul& matmul);
// lower_conv.cpp
View lower_op(LoweringContext& context, NodeId id, const op::Conv2d& conv);

// lower_attention.cpp
std::map<NodeId, AttentionNodes> find_attentions(const LoweringContext& context);
View lower_attention(LoweringContext& context, NodeId av);

// A layer as a product of rows and weights. Rows may be patches (plan/linear_constants.h).
struct Product {
  NodeId root;  // the Linear or Conv2d
  View x, out;
  Epilogue epilogue;
};
// lower_rows.cpp: throws UnsupportedError where there are no floats to compute this node in.
void require_floats(const LoweringContext& context, NodeId id);
// lower_linear.cpp: on codes or in float, as the scheme says.
void add_product(LoweringContext& context, Product product);
Epilogue fused_epilogue(LoweringContext& context, NodeId id);
View matmul_result(LoweringContext& context, NodeId id);
// lower_integer_linear.cpp: on codes, or in float on the values that codes stand for.
void add_integer_linear(LoweringContext& context, Product product);
void add_simulated_linear(LoweringContext& context, const Product& product);
// On integers only, rows have ranges of their own that leave nothing out: throws UnsupportedError.
void require_integers(const LoweringContext& context, Site site);
// Nor have codes more than 8 bits there: throws UnsupportedError.
void require_one_digit(const LoweringContext& context, Site site);
// Sums of `k` products of codes must fit 32 bits: throws UnsupportedError where they might not.
void require_no_overflow(const LoweringContext& context, NodeId id, std::int64_t k);

// lower_input.cpp: the codes of this convolution are the bytes of the image that it reads.
bool reads_bytes(const Graph& graph, const Scheme& scheme, NodeId conv);
// The bytes nearest to 0, one per channel: u8 [1, C, 1, 1].
Tensor bytes_of_zero(const QParams& pixels);

}  // namespace vitq
