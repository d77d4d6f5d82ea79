// SPDX-License-Identifier: Apache-2.0
// What a network is given: its inputs, its weights and what was known when it was traced.
#include <algorithm>

#include "core/text.h"
#include "plan/lowering.h"
#include "vitq/error.h"
#include "vitq/resample.h"

namespace vitq {
bool reads_bytes(const Graph& graph, const Scheme& scheme, NodeId conv) {
  const Node& node = graph[conv];
  const QParams* act = scheme.find({conv, 0});
  if (!std::holds_alternative<op::Conv2d>(node.op) || act == nullptr) return false;
  const Node& image = graph[node.inputs[0]];
  const std::size_t channels = at(image.shape[1]);
  return std::holds_alternative<op::Input>(image.op) && act->range == Range::kStatic &&
         act->bits == 8 && act->scale[0] == 1.0F && act->lo[0] == 0.0F &&
         act->smoothing_scale.size() == channels && act->channel_offset.size() == channels;
}

// Bytes, if all that the network does with an input is to convolve them.
DType input_type(const Graph& graph, const Scheme& scheme, NodeId input) {
  std::vector<NodeId> readers = graph.readers()[at(input)];
  const auto bytes = [&](NodeId reader) { return reads_bytes(graph, scheme, reader); };
  const auto first = std::ranges::find_if(readers, bytes);
  if (first == readers.end()) return DType::kF32;
  const auto same = [&](NodeId reader) {
    return bytes(reader) && *scheme.find({reader, 0}) == *scheme.find({*first, 0});
  };
  const auto given = [input](const GraphOutput& output) { return output.node == input; };
  if (std::ranges::all_of(readers, same) && std::ranges::none_of(graph.outputs(), given)) {
    return DType::kU8;
  }
  throw UnsupportedError(cat("layer '", graph[*first].name, "' reads the bytes of '",
                             graph[input].name, "', so that nothing else can read values"));
}

Tensor bytes_of_zero(const QParams& pixels) {
  const std::size_t channels = pixels.channel_offset.size();
  Tensor bytes({1, static_cast<std::int64_t>(channels), 1, 1}, DType::kU8);
  for (std::size_t c = 0; c < channels; ++c) {
    const float inverse = 1.0F / pixels.smoothing_scale[c];
    bytes.as<std::uint8_t>()[c] =
        static_cast<std::uint8_t>(code_of(0.0F, pixels.channel_offset[c], inverse, pixels.bits));
  }
  return bytes;
}

View lower_op(LoweringContext& context, NodeId id, const op::Input&) {
  const DType type = input_type(context.graph, context.scheme, id);
  if (type != DType::kU8) require_floats(context, id);
  return context.builder.input(context.graph[id].shape, type);
}

View lower_op(LoweringContext& context, NodeId id, const op::Param&) {
  const auto in_float = [&](NodeId reader) { return !context.quantized(reader); };
  // Codes are placed with the layer that reads them.
  if (std::ranges::none_of(context.readers[at(id)], in_float)) return {};
  const std::string& name = context.graph[id].name;
  return context.constant_values(name, "f32", [&] { return context.weights.at(name).to_f32(); });
}

// Weights do not change, so their grids are resampled once for all images of this size.
View lower_op(LoweringContext& context, NodeId id, const op::Resample& grid) {
  const Node& weight = context.graph[context.graph[id].inputs[0]];
  if (!std::holds_alternative<op::Param>(weight.op)) {
    throw UnsupportedError(cat("node '", context.graph[id].name, "': only weights are resampled"));
  }
  const std::string what = cat(grid.begin, ' ', grid.from_width, ' ', grid.height, 'x', grid.width);
  return context.constant_values(weight.name, what.c_str(), [&] {
    return resampled(context.weights.at(weight.name).to_f32(), grid);
  });
}

View lower_op(LoweringContext& context, NodeId, const op::Constant& constant) {
  return context.builder.constant(context.as_values(constant.value.to_f32()));
}

}  // namespace vitq
