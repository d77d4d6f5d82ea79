// SPDX-License-Identifier: Apache-2.0
// Linear layers and convolutions, and where results are stored.
#include "plan/lowering.h"
#include "plan/views.h"

namespace vitq {
namespace {

constexpr int kChannelsLast[] = {0, 2, 3, 1};

// A convolution that reads each pixel at most once is a linear layer on patches: patch embeddings,
// and 1 x 1 convolutions, whose patches are the pixels.
bool patches_do_not_overlap(const op::Conv2d& conv, const Shape& weight) {
  const std::int64_t kernel = weight[2];
  return conv.pad == 0 && conv.dilation == 1 && (conv.stride == kernel || kernel == 1);
}

// [N, C, H, W] as [N, H', W', C, kernel, kernel]; patches may overlap.
View patches_of(const View& x, const View& out, const op::Conv2d& conv, std::int64_t kernel) {
  View patches = x;
  patches.dims = {x.dims[0], out.dims[2], out.dims[3], x.dims[1], kernel, kernel};
  patches.strides = {x.strides[0], conv.stride * x.strides[2],   conv.stride * x.strides[3],
                     x.strides[1], conv.dilation * x.strides[2], conv.dilation * x.strides[3]};
  return patches;
}

constexpr int kIm2colOfPatches[] = {0, 1, 2, 4, 5, 3};

}  // namespace

void Lowering::product(NodeId id, const Fusion& fusion) {
  const NodeId root = fusion.root;
  Epilogue epilogue = {.residual = std::nullopt, .act = fusion.act, .coding = std::nullopt};
  if (fusion.residual) epilogue.residual = places_[at(*fusion.residual)];
  View out = result(id, root);
  places_[at(id)] = out;
  View x = operand(root, 0);
  const bool coded = quantized(root);
  if (const auto* conv = std::get_if<op::Conv2d>(&graph_[root].op)) {
    const Shape& weight = graph_[graph_[root].inputs[1]].shape;
    const bool apart = patches_do_not_overlap(*conv, weight);
    if (!apart && !coded) {
      overlapping_patches(root, out, epilogue);
      return;
    }
    const bool bytes = coded && weight[2] > 1 && holds_pixels(root);
    if (apart && bytes) x = pixels(root, x);
    if (!apart) x = framed(root, x, conv->pad, bytes);
    const View patches = patches_of(x, out, *conv, weight[2]);
    x = apart ? rows_of(root, patches) : permuted(patches, kIm2colOfPatches);
    out = permuted(out, kChannelsLast);
    if (epilogue.residual) epilogue.residual = permuted(*epilogue.residual, kChannelsLast);
  }
  if (coded) {
    integer_linear(root, x, out, epilogue);
  } else {
    linear(root, x, out, epilogue);
  }
}

void Lowering::overlapping_patches(NodeId root, const View& out, const Epilogue& epilogue) {
  const Node& node = graph_[root];
  std::vector<View> in;
  for (const NodeId input : node.inputs) in.push_back(places_[at(input)]);
  in[0] = channels_last(root, in[0]);
  add_step(root, std::get<op::Conv2d>(node.op), std::move(in), out, epilogue);
}

// The image itself lies plane by plane; convolutions read, and write, pixel by pixel.
View Lowering::channels_last(NodeId root, const View& x) {
  return x.strides[1] == 1 ? x : copied_channels_last(root, x);
}

View Lowering::copied_channels_last(NodeId root, const View& x) {
  const View out = fresh(x.dims, kChannelsLast, x.dtype);
  add_step(root, step::Copy{}, {x}, out);
  return out;
}

// An image alone in its buffer, pixel by pixel: where patches look up what was found of its
// pixels.
View Lowering::whole_image(NodeId root, const View& x) {
  const Buffer& buffer = plan_.buffers[static_cast<std::size_t>(x.buffer)];
  const auto bytes = x.dims.elements() * static_cast<std::int64_t>(size_of(x.dtype));
  const bool whole = buffer.home == Buffer::Home::kArena && buffer.bytes == bytes &&
                     is_dense(permuted(x, kChannelsLast));
  return whole ? x : copied_channels_last(root, x);
}

// Patches [N, H', W', C, kernel, kernel] as rows [N, H', W', C * kernel * kernel].
View Lowering::rows_of(NodeId root, const View& patches) {
  const Shape& dims = patches.dims;
  const Shape rows = {dims[0], dims[1], dims[2], dims[3] * dims[4] * dims[5]};
  const std::optional<View> view = reshaped(patches, rows);
  return view ? *view : *reshaped(copy(root, patches), rows);
}

// The image that overlapping patches look at; simulated, they round it themselves.
View Lowering::framed(NodeId root, View x, int pad, bool bytes) {
  const bool pixelwise = bytes && options_.numerics != Numerics::kSimulated;
  if (pixelwise) x = pixels(root, x);
  if (pad > 0) x = padded(root, x, pixelwise ? pixels_of_zero(root) : zero(), pad);
  return whole_image(root, x);
}

View Lowering::zero() {
  return constant_view(Tensor({1, 1, 1, 1}, DType::kF32));
}

// `x` [N, C, H, W] in a frame of `value`, which is broadcast.
View Lowering::padded(NodeId root, const View& x, const View& value, int pad) {
  const std::int64_t height = x.dims[2] + 2 * pad;
  const std::int64_t width = x.dims[3] + 2 * pad;
  const View out = fresh({x.dims[0], x.dims[1], height, width}, kChannelsLast, x.dtype);
  const auto fill = [&](const View& part) {
    add_step(root, step::Copy{}, {broadcast(value, part.dims)}, part);
  };
  const View rows = sliced(out, 2, pad, height - pad);
  fill(sliced(out, 2, 0, pad));
  fill(sliced(out, 2, height - pad, height));
  fill(sliced(rows, 3, 0, pad));
  fill(sliced(rows, 3, width - pad, width));
  add_step(root, step::Copy{}, {x}, sliced(rows, 3, pad, width - pad));
  return out;
}

void Lowering::linear(NodeId root, View x, const View& out, Epilogue epilogue) {
  // Rows of the operands must be matrices that advance together.
  std::vector<View> rows = {x, out};
  if (epilogue.residual) rows.push_back(*epilogue.residual);
  if (!as_matrices(rows)) {
    x = copy(root, x);
    if (epilogue.residual) epilogue.residual = copy(root, *epilogue.residual);
  }
  const View weight = operand(root, 1);
  std::vector<View> in = {
      x, *reshaped(weight, {weight.dims[0], weight.dims.elements() / weight.dims[0]})};
  if (graph_[root].inputs.size() > 2) in.push_back(operand(root, 2));
  add_step(root, op::Linear{}, std::move(in), out, epilogue);
}

// A fresh buffer for the result of `id`, ordered in memory as its reader likes it: images with
// channels last, a product that is only permuted afterwards in the permuted order, anything else as
// its first operand. `root` is the node that computes it.
View Lowering::result(NodeId id, NodeId root) {
  const Node& node = graph_[root];
  const bool rows = std::holds_alternative<op::Linear>(node.op) ||
                    std::holds_alternative<op::LayerNorm>(node.op) ||
                    std::holds_alternative<op::Softmax>(node.op) ||
                    std::holds_alternative<op::Concat>(node.op);
  if (rows) return fresh(node.shape);
  if (std::holds_alternative<op::MatMul>(node.op)) return product_result(id);
  if (std::holds_alternative<op::Conv2d>(node.op) || std::holds_alternative<op::MaxPool>(node.op)) {
    return fresh(node.shape, kChannelsLast);
  }
  return fresh(graph_[id].shape, memory_order(places_[at(node.inputs[0])]));
}

View Lowering::product_result(NodeId id) {
  const std::vector<NodeId>& readers = readers_[at(id)];
  if (readers.size() == 1) {
    const auto* permute = std::get_if<op::Permute>(&graph_[readers[0]].op);
    if (permute != nullptr && permute->order.back() == graph_[id].shape.rank() - 1) {
      return fresh(graph_[id].shape, permute->order);
    }
  }
  return fresh(graph_[id].shape);
}

}  // namespace vitq
