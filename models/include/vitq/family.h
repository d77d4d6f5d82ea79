// SPDX-License-Identifier: Apache-2.0
// A family is all that the project knows of one architecture. It takes one file of its own and one
// line in families.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/detection.h"
#include "vitq/dialect.h"
#include "vitq/json.h"
#include "vitq/layers.h"
#include "vitq/model_info.h"
#include "vitq/weights.h"

namespace vitq {

struct ConfigSchema;

// An object of a config.json and the schemas that list its keys.
struct ConfigPart {
  Json object;
  std::vector<const ConfigSchema*> schemas;
};

struct Family {
  std::string_view name;   // as --arch takes it
  std::string_view title;  // for people: name and paper
  Task task;               // of its networks, but for those without classes

  // Records the network for a batch of `image` [N, 3, H, W] under the canonical `config`. Throws
  // FileError for a bad configuration and ShapeError if the image does not fit it.
  std::vector<GraphOutput> (*trace)(const Scope& scope, Value image, const Json& config);
  // Records it for images that were padded to one size: `mask` f32 [N, H, W] is 1 where a pixel
  // belongs to its image. It is null where the family has no padded batches.
  std::vector<GraphOutput> (*trace_padded)(const Scope& scope, Value image, const Json& config,
                                           const Tensor& mask) = nullptr;
  // Answers the input of one image, [3, height, width]. A network that takes any size has a usual
  // one.
  Shape (*image_shape)(const Json& config);
  // Answers the canonical configuration of weights under canonical names. Their shapes say most of
  // it. `source` says the rest: config.json of timm or transformers, or an empty object. Throws
  // FileError where they contradict each other, WeightError where tensors are missing.
  Json (*configure)(const Weights& weights, const Json& source);
  // Says whether a checkpoint of these tensors (canonical names) and this config.json is of this
  // family. The object is empty if there is no config.json.
  bool (*recognize)(const Weights& weights, const Json& source);
  // Answers the objects of a config.json whose keys are to be checked. It is null where a family
  // has no schemas.
  std::vector<ConfigPart> (*config_parts)(const Json& source) = nullptr;

  // Changes weights and configuration so that images of `size` fit. `source` is as above. It is
  // null where a network takes images of any size, or of one.
  void (*resize)(Weights& weights, Json& config, const Json& source, ImageSize size) = nullptr;
  // Whether the origin does so at run time, to whatever its preprocessing gives.
  bool (*resizes_at_run_time)(const Json& source) = nullptr;

  std::span<const Dialect> dialects;
  bool any_size = false;             // the network takes images of any size
  Scores scores = Scores::kSoftmax;  // what a detector's logits mean
  // Quantization leaves the layers in float whose name this REGEX is found in, unless it is told
  // otherwise.
  std::string_view keep = {};
};

// Lists all families, in the order in which they are asked to recognize a checkpoint.
std::span<const Family> families();
// Says what a network answers. One without classes answers features.
Task task_of(const ModelInfo& info);
// Finds the family of that name. Throws UnsupportedError, which names those there are.
const Family& family(std::string_view name);

}  // namespace vitq
