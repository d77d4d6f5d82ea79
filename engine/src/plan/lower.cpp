// SPDX-License-Identifier: Apache-2.0
// From graph to plan: one step per node that computes something, views for the rest.
#include <algorithm>
#include <map>
#include <numeric>

#include "core/checked.h"
#include "core/text.h"
#include "plan/arena.h"
#include "plan/fuse.h"
#include "plan/prune.h"
#include "plan/views.h"
#include "vitq/error.h"
#include "vitq/plan.h"

namespace vitq {

std::string_view name_of(const StepOp& op) {
  static constexpr std::string_view kNames[] = {"Linear",  "Conv2d",   "MatMul", "LayerNorm",
                                                "Softmax", "Activate", "Add",    "Scale",
                                                "MaxPool", "Copy"};
  static_assert(std::size(kNames) == std::variant_size_v<StepOp>);
  return kNames[op.index()];
}

namespace {

std::size_t at(NodeId id) {
  return static_cast<std::size_t>(id);
}

class Lowering {
 public:
  Lowering(const Graph& graph, const Weights& weights, const LowerOptions& options)
      : graph_(graph),
        weights_(weights),
        fusions_(fuse(graph, options)),
        readers_(graph.readers()),
        places_(at(graph.size())) {}

  Plan run() {
    for (NodeId id = 0; id < graph_.size(); ++id) place(id);
    for (const GraphOutput& output : graph_.outputs()) {
      plan_.outputs.push_back({output.name, as_output(places_[at(output.node)], output.node)});
    }
    place_buffers(plan_);
    return std::move(plan_);
  }

 private:
  void place(NodeId id) {
    if (fusions_.absorbed[at(id)]) return;
    if (fusions_.at[at(id)]) {
      product(id, *fusions_.at[at(id)]);
      return;
    }
    std::visit([this, id](const auto& op) { emit(id, op); }, graph_[id].op);
  }

  // Where values come from.
  void emit(NodeId id, const op::Input&) {
    const auto index = static_cast<std::int64_t>(plan_.inputs.size());
    plan_.inputs.push_back(graph_[id].shape);
    plan_.buffers.push_back({Buffer::Home::kInput, 0, index});
    places_[at(id)] = dense_view(last_buffer(), graph_[id].shape, DType::kF32);
  }
  void emit(NodeId id, const op::Param&) {
    if (readers_[at(id)].empty()) return;
    constant(id, weights_.at(graph_[id].name).to_f32());
  }
  void emit(NodeId id, const op::Constant& constant_op) {
    constant(id, constant_op.value.to_f32());
  }

  // What is only a way of looking.
  void emit(NodeId id, const op::Slice& slice) {
    places_[at(id)] = sliced(input(id, 0), slice.axis, slice.begin, slice.end);
  }
  void emit(NodeId id, const op::Permute& permute) {
    places_[at(id)] = permuted(input(id, 0), permute.order);
  }
  void emit(NodeId id, const op::Reshape&) {
    const std::optional<View> view = reshaped(input(id, 0), graph_[id].shape);
    places_[at(id)] = view ? *view : *reshaped(copy(id, input(id, 0)), graph_[id].shape);
  }

  // What is stored.
  void emit(NodeId id, const op::Concat& concat) {
    const View out = result(id);
    std::int64_t begin = 0;
    for (std::size_t i = 0; i < graph_[id].inputs.size(); ++i) {
      const View part = input(id, static_cast<int>(i));
      const View target = sliced(out, concat.axis, begin, begin + part.dims[concat.axis]);
      add_step(id, step::Copy{}, {broadcast(part, target.dims)}, target);
      begin += part.dims[concat.axis];
    }
    places_[at(id)] = out;
  }
  void emit(NodeId id, const op::Add& add) {
    const Shape& shape = graph_[id].shape;
    store(id, add, {broadcast(input(id, 0), shape), broadcast(input(id, 1), shape)});
  }
  void emit(NodeId id, const op::MatMul& matmul) {
    store(id, matmul, {columns_last(id, input(id, 0)), columns_last(id, input(id, 1))});
  }
  void emit(NodeId id, const op::LayerNorm& norm) {
    store(id, norm, {columns_last(id, input(id, 0)), input(id, 1), input(id, 2)});
  }
  void emit(NodeId id, const op::Softmax& softmax) {
    store(id, softmax, {columns_last(id, input(id, 0))});
  }
  void emit(NodeId id, const op::MaxPool& pool) { store(id, pool, {input(id, 0)}); }
  void emit(NodeId id, const op::Activate& activate) {
    store(id, activate, {innermost_contiguous(id, input(id, 0))});
  }
  void emit(NodeId id, const op::Scale& scale) { store(id, scale, {input(id, 0)}); }
  // Products are emitted with their fusion.
  void emit(NodeId, const op::Linear&) {}
  void emit(NodeId, const op::Conv2d&) {}

  void store(NodeId id, StepOp op, std::vector<View> in) {
    places_[at(id)] = result(id);
    add_step(id, std::move(op), std::move(in), places_[at(id)]);
  }

  void product(NodeId id, const Fusion& fusion) {
    const Node& root = graph_[fusion.root];
    std::vector<View> in;
    for (const NodeId operand : root.inputs) in.push_back(places_[at(operand)]);
    Epilogue epilogue = {.residual = std::nullopt, .act = fusion.act};
    if (fusion.residual) epilogue.residual = places_[at(*fusion.residual)];
    const View out = result(id, fusion.root);
    places_[at(id)] = out;
    if (const auto* conv = std::get_if<op::Conv2d>(&root.op); conv == nullptr) {
      linear(fusion.root, std::move(in), out, epilogue);
    } else if (patches_do_not_overlap(*conv, in)) {
      linear_on_patches(fusion.root, std::move(in), out, epilogue);
    } else {
      add_step(fusion.root, *conv, std::move(in), out, epilogue);
    }
  }

  // A convolution that reads each pixel once is a linear layer on patches: patch embeddings, and
  // 1 x 1 convolutions, whose patches are the pixels.
  static bool patches_do_not_overlap(const op::Conv2d& conv, const std::vector<View>& in) {
    const std::int64_t kernel = in[1].dims[2];
    return conv.pad == 0 && conv.dilation == 1 && (conv.stride == kernel || kernel == 1);
  }

  void linear_on_patches(NodeId root, std::vector<View> in, View out, Epilogue epilogue) {
    const Shape& weight = in[1].dims;
    const std::int64_t kernel = weight[2];
    const auto stride = static_cast<std::int64_t>(std::get<op::Conv2d>(graph_[root].op).stride);
    const std::int64_t height = out.dims[2];
    const std::int64_t width = out.dims[3];
    // [N, C, H, W] as [N, H', W', C, kernel, kernel]
    const View& x = in[0];
    View patches = x;
    patches.dims = {x.dims[0], height, width, x.dims[1], kernel, kernel};
    patches.strides = {x.strides[0], stride * x.strides[2], stride * x.strides[3],
                       x.strides[1], x.strides[2],          x.strides[3]};
    const Shape rows = {x.dims[0], height, width, weight.elements() / weight[0]};
    const std::optional<View> view = reshaped(patches, rows);
    in[0] = view ? *view : *reshaped(copy(root, patches), rows);
    in[1] = *reshaped(in[1], {weight[0], weight.elements() / weight[0]});
    static constexpr int kChannelsLast[] = {0, 2, 3, 1};
    if (epilogue.residual) epilogue.residual = permuted(*epilogue.residual, kChannelsLast);
    linear(root, std::move(in), permuted(out, kChannelsLast), epilogue);
  }

  // Rows of the operands must be matrices that advance together.
  void linear(NodeId root, std::vector<View> in, const View& out, Epilogue epilogue) {
    std::vector<View> rows = {in[0], out};
    if (epilogue.residual) rows.push_back(*epilogue.residual);
    if (!as_matrices(rows)) {
      in[0] = copy(root, in[0]);
      if (epilogue.residual) epilogue.residual = copy(root, *epilogue.residual);
    }
    add_step(root, op::Linear{}, std::move(in), out, epilogue);
  }

  // A fresh buffer for the result of `id`, ordered in memory as its reader likes it: pictures with
  // channels last, a product that is only permuted afterwards in the permuted order, anything else
  // as its first operand. `root` is the node that computes it.
  View result(NodeId id) { return result(id, id); }
  View result(NodeId id, NodeId root) {
    const Node& node = graph_[root];
    const bool rows = std::holds_alternative<op::Linear>(node.op) ||
                      std::holds_alternative<op::LayerNorm>(node.op) ||
                      std::holds_alternative<op::Softmax>(node.op) ||
                      std::holds_alternative<op::Concat>(node.op);
    if (rows) return fresh(node.shape);
    if (std::holds_alternative<op::MatMul>(node.op)) return product_result(id);
    if (node.shape.rank() == 4 && (std::holds_alternative<op::Conv2d>(node.op) ||
                                   std::holds_alternative<op::MaxPool>(node.op))) {
      static constexpr int kChannelsLast[] = {0, 2, 3, 1};
      return fresh(node.shape, kChannelsLast);
    }
    return fresh(graph_[id].shape, memory_order(places_[at(node.inputs[0])]));
  }
  View product_result(NodeId id) {
    const std::vector<NodeId>& readers = readers_[at(id)];
    if (readers.size() == 1) {
      const auto* permute = std::get_if<op::Permute>(&graph_[readers[0]].op);
      if (permute != nullptr && permute->order.back() == graph_[id].shape.rank() - 1) {
        return fresh(graph_[id].shape, permute->order);
      }
    }
    return fresh(graph_[id].shape);
  }

  View fresh(const Shape& shape) {
    std::vector<int> order(static_cast<std::size_t>(shape.rank()));
    std::iota(order.begin(), order.end(), 0);
    return fresh(shape, order);
  }
  View fresh(const Shape& shape, std::span<const int> order) {
    const auto bytes = checked_mul(shape.elements(), static_cast<std::int64_t>(sizeof(float)));
    plan_.buffers.push_back({Buffer::Home::kArena, bytes, 0});
    return dense_view(last_buffer(), shape, DType::kF32, order);
  }

  View copy(NodeId id, const View& from) {
    const View out = fresh(from.dims);
    add_step(id, step::Copy{}, {from}, out);
    return out;
  }
  // Dense, and in the arena: a session hands out the same addresses whatever it is given.
  View as_output(const View& view, NodeId id) {
    const Buffer& buffer = plan_.buffers[static_cast<std::size_t>(view.buffer)];
    return buffer.home == Buffer::Home::kArena && is_dense(view) ? view : copy(id, view);
  }
  // Rows need their elements side by side.
  View columns_last(NodeId id, const View& view) {
    const int last = view.dims.rank() - 1;
    const bool unit = view.dims[last] == 1 || view.strides[static_cast<std::size_t>(last)] == 1;
    return unit ? view : copy(id, view);
  }

  // Row kernels take rows along the axis that lies innermost in memory, whichever it is.
  View innermost_contiguous(NodeId id, const View& view) {
    const int last = memory_order(view).back();
    const bool unit = view.dims[last] == 1 || view.strides[static_cast<std::size_t>(last)] == 1;
    return unit ? view : copy(id, view);
  }

  void add_step(NodeId node, StepOp op, std::vector<View> in, View out, Epilogue epilogue = {}) {
    plan_.steps.push_back({.name = graph_[node].name,
                           .node = node,
                           .op = std::move(op),
                           .in = std::move(in),
                           .out = out,
                           .epilogue = epilogue});
  }
  void constant(NodeId id, Tensor value) {
    const auto index = static_cast<std::int64_t>(plan_.constants.size());
    plan_.buffers.push_back({Buffer::Home::kConstant, 0, index});
    places_[at(id)] = dense_view(last_buffer(), value.shape(), value.dtype());
    plan_.constants.push_back(std::move(value));
  }
  View input(NodeId id, int operand) const {
    return places_[at(graph_[id].inputs[static_cast<std::size_t>(operand)])];
  }
  BufferId last_buffer() const { return static_cast<BufferId>(plan_.buffers.size()) - 1; }

  const Graph& graph_;
  const Weights& weights_;
  Fusions fusions_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<View> places_;
  Plan plan_;
};

// The same options in the pruned graph's numbers. Slices that pruning adds come from the node that
// they cut, and nothing is observed in them.
LowerOptions of_pruned(LowerOptions options, const Pruned& pruned) {
  std::map<NodeId, NodeId> copies;
  for (std::size_t id = 0; id < pruned.origin.size(); ++id) {
    copies.emplace(pruned.origin[id], static_cast<NodeId>(id));
  }
  for (Site& site : options.observe) site.node = copies.at(site.node);
  return options;
}

}  // namespace

Plan lower(const Graph& graph, const Weights& weights, const Scheme& scheme,
           const LowerOptions& options) {
  if (!scheme.sites().empty()) throw UnsupportedError("this build lowers to float only");
  require_weights(graph, weights);
  if (!options.prune) return Lowering(graph, weights, options).run();
  const Pruned pruned = prune(graph);
  Plan plan = Lowering(pruned.graph, weights, of_pruned(options, pruned)).run();
  for (Step& step : plan.steps) step.node = pruned.origin[static_cast<std::size_t>(step.node)];
  return plan;
}

}  // namespace vitq
