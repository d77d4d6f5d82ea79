// SPDX-License-Identifier: Apache-2.0
#include "vitq/trace.h"

#include "vitq/error.h"
#include "vitq/family.h"

namespace vitq {

Shape usual_input(const ModelInfo& info) {
  const Family& known = family(info.family);
  if (known.any_size) {
    const std::int64_t side = info.preprocess.height;
    return {1, 3, side, side * 4 / 3};
  }
  const Shape image = known.image_shape(info.config);
  return {1, image[0], image[1], image[2]};
}

Graph trace(const ModelInfo& info, const Shape& input) {
  Graph graph;
  const Value image = vitq::input(graph, "image", input);
  graph.set_outputs(family(info.family).trace(Scope(graph), image, info.config));
  return graph;
}

Graph trace_padded(const ModelInfo& info, const Shape& input, const Tensor& mask) {
  const Family& known = family(info.family);
  if (known.trace_padded == nullptr) {
    throw UnsupportedError("a model of the family '" + info.family + "' has no padded batches");
  }
  Graph graph;
  const Value image = vitq::input(graph, "image", input);
  graph.set_outputs(known.trace_padded(Scope(graph), image, info.config, mask));
  return graph;
}

}  // namespace vitq
