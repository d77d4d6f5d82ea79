// SPDX-License-Identifier: Apache-2.0
// Where a network looks: the weights by which its attention sums up the patches of an image.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vitq/model.h"

namespace vitq {

// For every layer and head, what one token pays to each patch.
struct AttentionMaps {
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t height = 0;  // in patches
  std::int64_t width = 0;
  std::vector<float> weights;  // [layers][heads][height][width]
};

// The same network, of which all attention is computed and can be seen: in floats between integer
// products, also where the model runs on integers only.
Model observe_attention(const Model& model);

// What the class token pays, or the query that pools all tokens at the end; of a detector, what the
// object query `query` pays in each layer of the decoder. `model` is made by observe_attention(),
// and `input` [1, 3, H, W] by its prepare(). Throws UnsupportedError for networks whose tokens are
// not patches or of which none answers, and for a query that there is not, or where none is wanted.
AttentionMaps attention_maps(const Model& model, const Tensor& input,
                             std::optional<std::int64_t> query = {});

// Whether attention_maps() can tell something of a network like this.
bool has_attention_maps(const Model& model);

// The rest is for tools that look at attention in other ways.
//
// Where softmax results weigh values: operand 0 of the products, in the order of the layers.
std::vector<Site> attention_sites(const Graph& graph);
// Those of them that go from queries to features of the image, in a decoder.
std::vector<Site> cross_attention_sites(const Graph& graph);
// How many patches there are, [height, width]. They are what the last convolution makes. Tokens
// before them are the class token and such. Throws UnsupportedError if there is no convolution.
Shape patch_grid(const Graph& graph);
// Throws UnsupportedError unless the attention [N, heads, queries, keys] has a token that answers
// and that looks at so many patches.
void require_looking_token(const Shape& attention, std::int64_t patches);

}  // namespace vitq
