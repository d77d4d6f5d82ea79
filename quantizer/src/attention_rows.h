// SPDX-License-Identifier: Apache-2.0
// What searches look at in an attention: the operands of some images, and the probabilities of all.
#pragma once

#include <cstdint>

#include "correlation.h"
#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"

namespace vitq {

// Of as many whole images, evenly among all, as make up `tokens` rows of queries. The greatest
// magnitudes are those of all images.
AttentionRows attention_rows(const AttentionDraft& attention, const AttentionData& data,
                             std::int64_t tokens);

// softmax(scale * query key^T), [rows, keys], in float.
Matrix attention_probabilities(const Matrix& query, const Matrix& key, float scale);
// The same for every head of an image, all rows.
std::vector<Matrix> probabilities(const AttentionSample& sample, float scale);

}  // namespace vitq
