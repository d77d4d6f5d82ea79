// SPDX-License-Identifier: Apache-2.0
// Everything the project knows of one architecture: one file per family, one line in families.cpp.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "vitq/dialect.h"
#include "vitq/json.h"
#include "vitq/layers.h"
#include "vitq/model_info.h"
#include "vitq/weights.h"

namespace vitq {

struct Family {
  std::string_view name;   // as --arch takes it
  std::string_view title;  // for people, with the paper
  Task task;

  // Records the network for a batch of `image` [N, 3, H, W] under the canonical `config`. Throws
  // FileError for a bad configuration and ShapeError if the image does not fit it.
  std::vector<GraphOutput> (*trace)(const Scope& scope, Value image, const Json& config);
  // The same for images padded to one size: `mask` f32 [N, H, W] is 1 where a pixel belongs to
  // its image. Null where the family has no padded batches.
  std::vector<GraphOutput> (*trace_padded)(const Scope& scope, Value image, const Json& config,
                                           const Tensor& mask) = nullptr;
  // The input of one image: [3, height, width]; of a network that takes any size, a usual one.
  Shape (*image_shape)(const Json& config);
  // The canonical configuration of weights under canonical names: shapes say most of it, `source`
  // (config.json of timm or transformers, or an empty object) the rest. Throws FileError where they
  // contradict each other, WeightError where tensors are missing.
  Json (*configure)(const Weights& weights, const Json& source);
  // Whether a checkpoint with this config.json, or without any, holding these tensors (canonical
  // names) is of this family.
  bool (*recognize)(const Weights& weights, const Json& source);

  std::span<const Dialect> dialects;
  bool any_size = false;  // the network takes images of any size
  // REGEX of the layers that quantization leaves in float unless it is told otherwise.
  std::string_view keep = {};
};

// All families, in the order in which they are asked to recognize a checkpoint.
std::span<const Family> families();
// Throws UnsupportedError naming the known ones.
const Family& family(std::string_view name);

}  // namespace vitq
