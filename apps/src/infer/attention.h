// SPDX-License-Identifier: Apache-2.0
// This finds out where the class token looks: its attention to the patches. "last" is one layer's
// softmax. "rollout" follows attention through the layers (arXiv:2005.00928).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "draw/heat_map.h"
#include "vitq/attention.h"

namespace vitq::apps {

struct AttentionJob {
  std::filesystem::path output = {};  // a PNG; empty: none is wanted
  std::string method = "last";
  std::optional<std::size_t> layer = {};  // from 0; default: the last
  std::optional<std::size_t> head = {};   // from 0; default: the mean of all
  // Only detectors have queries, from 0. By default it is those of the objects found.
  std::optional<std::int64_t> query = {};
};

// Answers the weights of the patches of one prepared image [1, 3, H, W] by a model that
// observe_attention() has made. Throws UsageError for a layer or head that the network does not
// have, and UnsupportedError for networks whose tokens are not patches.
PatchWeights attention_of(const Model& model, const Tensor& input, const AttentionJob& job);

// This is the attention of one layer for one image, [queries, keys], of one head or the mean of
// all.
using AttentionMatrix = std::vector<double>;

AttentionMatrix of_head(const Tensor& attention, std::optional<std::size_t> head);

// The network's patches with the weights 0.
PatchWeights no_weights(const Graph& graph);

// Throws UsageError unless index < count.
void require_index(std::size_t index, std::size_t count, const char* what);

}  // namespace vitq::apps
