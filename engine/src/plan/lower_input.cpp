// SPDX-License-Identifier: Apache-2.0
// What a network is given: its inputs, its weights and what was known when it was traced.
#include <algorithm>

#include "core/text.h"
#include "plan/lowering.h"
#include "vitq/error.h"

namespace vitq {
namespace {

// Bytes, if all that the network does with an input is to convolve them.
DType type_of_input(const LoweringContext& context, NodeId id) {
  const std::vector<NodeId>& readers = context.readers[at(id)];
  const auto bytes = [&](NodeId reader) { return reads_bytes(context, reader); };
  const auto first = std::ranges::find_if(readers, bytes);
  if (first == readers.end()) return DType::kF32;
  const auto same = [&](NodeId reader) {
    return bytes(reader) && context.params(reader, 0) == context.params(*first, 0);
  };
  const auto given = [id](const GraphOutput& output) { return output.node == id; };
  if (std::ranges::all_of(readers, same) && std::ranges::none_of(context.graph.outputs(), given)) {
    return DType::kU8;
  }
  throw UnsupportedError(cat("layer '", context.graph[*first].name, "' reads the bytes of '",
                             context.graph[id].name, "', so that nothing else can read values"));
}

}  // namespace

bool reads_bytes(const LoweringContext& context, NodeId conv) {
  const Node& node = context.graph[conv];
  if (!std::holds_alternative<op::Conv2d>(node.op) || !context.quantized(conv)) return false;
  const Node& image = context.graph[node.inputs[0]];
  const QParams& act = context.params(conv, 0);
  const std::size_t channels = at(image.shape[1]);
  return std::holds_alternative<op::Input>(image.op) && act.range == Range::kStatic &&
         act.bits == 8 && act.scale[0] == 1.0F && act.lo[0] == 0.0F &&
         act.smoothing_scale.size() == channels && act.channel_offset.size() == channels;
}

Tensor bytes_of_zero(const QParams& pixels) {
  const std::size_t channels = pixels.channel_offset.size();
  Tensor bytes({1, static_cast<std::int64_t>(channels), 1, 1}, DType::kU8);
  for (std::size_t c = 0; c < channels; ++c) {
    const float inverse = 1.0F / pixels.smoothing_scale[c];
    bytes.as<std::uint8_t>()[c] = code_of(0.0F, pixels.channel_offset[c], inverse, pixels.bits);
  }
  return bytes;
}

View lower_op(LoweringContext& context, NodeId id, const op::Input&) {
  return context.builder.input(context.graph[id].shape, type_of_input(context, id));
}

View lower_op(LoweringContext& context, NodeId id, const op::Param&) {
  const auto in_float = [&](NodeId reader) { return !context.quantized(reader); };
  // Codes are placed with the layer that reads them.
  if (std::ranges::none_of(context.readers[at(id)], in_float)) return {};
  const std::string& name = context.graph[id].name;
  return context.builder.constant(
      context.once<Tensor>(name, "f32", [&] { return context.weights.at(name).to_f32(); }));
}

View lower_op(LoweringContext& context, NodeId, const op::Constant& constant) {
  return context.builder.constant(constant.value.to_f32());
}

}  // namespace vitq
