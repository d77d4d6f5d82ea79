// SPDX-License-Identifier: Apache-2.0
// This finds out where a detector's queries look: the attention of its decoder to the features of
// the image.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "infer/attention.h"
#include "vitq/detection.h"

namespace vitq::apps {

// Answers the weights of the features of one prepared image [1, 3, H, W]. The layer is the last of
// the decoder, or the one that is asked for. Of several queries the largest weight counts, each
// relative to its own largest. Throws UsageError for a layer, head or query that the network does
// not have, and UnsupportedError for networks without such attention.
PatchWeights attention_of_queries(const Model& model, const Tensor& input, const AttentionJob& job,
                                  std::span<const std::int64_t> queries);

// Draws the same of the queries that found these objects, as a heat map over the image with their
// boxes.
Image attention_of_objects(const Model& model, const Image& image, const AttentionJob& job,
                           std::vector<Detection> objects);

}  // namespace vitq::apps
