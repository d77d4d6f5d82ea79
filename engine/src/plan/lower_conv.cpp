// SPDX-License-Identifier: Apache-2.0
// Convolutions: as linear layers on the patches of an image, or in float as they are.
#include "plan/lowering.h"
#include "plan/views.h"

namespace vitq {
namespace {

// A convolution that reads each pixel at most once is a linear layer on patches. Patch embeddings
// are such, and so are 1 x 1 convolutions, whose patches are the pixels.
bool patches_do_not_overlap(const op::Conv2d& conv, std::int64_t kernel) {
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

// Patches [N, H', W', C, kernel, kernel] as rows [N, H', W', C * kernel * kernel].
View rows_of(PlanBuilder& builder, const View& patches) {
  const Shape& dims = patches.dims;
  const Shape rows = {dims[0], dims[1], dims[2], dims[3] * dims[4] * dims[5]};
  const std::optional<View> view = reshaped(patches, rows);
  return view ? *view : *reshaped(builder.copy(patches), rows);
}

// The image itself lies plane by plane; convolutions read, and write, pixel by pixel.
View channels_last(PlanBuilder& builder, const View& x) {
  return x.strides[1] == 1 ? x : builder.copy(x, kChannelsLast);
}

// An image alone in its buffer, pixel by pixel: where patches look up what was found of its pixels.
View whole_image(PlanBuilder& builder, const View& x) {
  const Buffer& buffer = builder.buffer_of(x);
  const auto bytes = x.dims.elements() * static_cast<std::int64_t>(size_of(x.dtype));
  const bool whole = buffer.home == Buffer::Home::kArena && buffer.bytes == bytes &&
                     is_dense(permuted(x, kChannelsLast));
  return whole ? x : builder.copy(x, kChannelsLast);
}

// `x` [N, C, H, W] in a frame of `value`, which is repeated.
View padded(PlanBuilder& builder, const View& x, const View& value, int pad) {
  const std::int64_t height = x.dims[2] + 2 * pad;
  const std::int64_t width = x.dims[3] + 2 * pad;
  const View out = builder.fresh({x.dims[0], x.dims[1], height, width}, kChannelsLast, x.dtype);
  const View rows = sliced(out, 2, pad, height - pad);
  builder.write(value, sliced(out, 2, 0, pad));
  builder.write(value, sliced(out, 2, height - pad, height));
  builder.write(value, sliced(rows, 3, 0, pad));
  builder.write(value, sliced(rows, 3, width - pad, width));
  builder.write(x, sliced(rows, 3, pad, width - pad));
  return out;
}

// The image that overlapping patches of a quantized layer look at.
View framed(LoweringContext& context, NodeId root, View x, int pad) {
  PlanBuilder& builder = context.builder;
  if (pad > 0) {
    const bool bytes = x.dtype == DType::kU8;
    const View zero = builder.constant(bytes ? bytes_of_zero(context.params(root, 0))
                                             : Tensor({1, 1, 1, 1}, builder.values()));
    x = padded(builder, x, zero, pad);
  }
  return whole_image(builder, x);
}

}  // namespace

View lower_op(LoweringContext& context, NodeId id, const op::Conv2d& conv) {
  const NodeId root = context.fusions.at[at(id)]->root;
  const std::int64_t kernel = context.graph[context.graph[root].inputs[1]].shape[2];
  PlanBuilder& builder = context.builder;
  const View out = builder.fresh(context.graph[root].shape, kChannelsLast);
  Epilogue epilogue = fused_epilogue(context, id);
  View x = context.operand(root, 0);
  if (patches_do_not_overlap(conv, kernel)) {
    x = rows_of(builder, patches_of(x, out, conv, kernel));
  } else if (context.quantized(root)) {
    x = framed(context, root, x, conv.pad);
    x = permuted(patches_of(x, out, conv, kernel), kIm2colOfPatches);
  } else {
    require_floats(context, root);
    builder.add_step(step::Conv2d{conv, channels_last(builder, x), context.operand(root, 1),
                                  context.optional_operand(root, 2)},
                     out, std::move(epilogue));
    return out;
  }
  if (epilogue.residual) epilogue.residual = permuted(*epilogue.residual, kChannelsLast);
  add_product(context, {root, x, permuted(out, kChannelsLast), std::move(epilogue)});
  return out;
}

}  // namespace vitq
