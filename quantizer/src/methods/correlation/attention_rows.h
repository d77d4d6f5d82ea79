// SPDX-License-Identifier: Apache-2.0
// What the search looks at in an attention: its operands in some images.
#pragma once

#include <cstdint>
#include <vector>

#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"
#include "vitq/matrix.h"

namespace vitq {

// Queries, keys and values of some images, one matrix per image and head. Images may differ in how
// many tokens they have.
struct AttentionRows {
  std::vector<Matrix> query;        // [rows, dim]
  std::vector<Matrix> key;          // [keys, dim]
  std::vector<Matrix> value;        // [dim, keys]
  std::vector<std::int32_t> image;  // of each matrix, from 0
  float scale = 1.0F;               // of the logits
  // The greatest magnitudes in all images.
  float query_max = 0.0F, key_max = 0.0F, value_max = 0.0F;
};

// Takes as many whole images, which lie evenly among all, as make up `tokens` rows of queries.
AttentionRows attention_rows(const AttentionDraft& attention, const AttentionData& data,
                             std::int64_t tokens);

}  // namespace vitq
