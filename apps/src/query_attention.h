// SPDX-License-Identifier: Apache-2.0
// Where a detector's queries look: the attention of its decoder to the features of the image.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "attention.h"
#include "vitq/detection.h"

namespace vitq::apps {

// The weights of the features of one prepared image [1, 3, H, W] in the last layer of the
// decoder, or the one that is asked for; of several queries the largest, each relative to its own
// largest. Throws UsageError for a layer, head or query that the network does not have,
// UnsupportedError for networks without such attention.
PatchWeights attention_of_queries(Model& model, const Tensor& input, const AttentionJob& job,
                                  std::span<const std::int64_t> queries);

// The same of the queries that found these objects, as a heat map over the image with their
// boxes.
Image attention_of_objects(Model& model, const Image& image, const AttentionJob& job,
                           std::vector<Detection> objects);

}  // namespace vitq::apps
